//! MySQL.

use std::path::Path;

use super::Executables;
use super::process::{Data, Server, free_port, run};
use super::wire::mysql_greets;
use crate::error::Result;

/// Starts a MySQL server with fresh data.
///
/// # Errors
///
/// The program is not there, or the server does not start.
pub fn start_mysql(executables: &Executables) -> Result<Server> {
    start(executables, Data::temporary()?)
}

/// Starts a MySQL server whose data stays in `folder`.
///
/// # Errors
///
/// As [`start_mysql`].
pub fn start_mysql_in(executables: &Executables, folder: &Path) -> Result<Server> {
    start(executables, Data::kept(folder)?)
}

fn start(executables: &Executables, data: Data) -> Result<Server> {
    let program = Executables::need(&executables.mysqld, "mysqld")?;
    let folder = data.path().display().to_string();
    if !data.path().join("mysql").exists() {
        let mut initialize = program.clone();
        initialize.extend([
            "--initialize-insecure".to_owned(),
            "--user=root".to_owned(),
            format!("--datadir={folder}"),
        ]);
        run(&initialize)?;
    }
    let (port, first) = (free_port()?, data.write("first.sql", FIRST)?);
    let mut words = program.clone();
    words.extend(options(&folder, port, &first));
    words.extend([
        "--mysqlx=OFF".to_owned(),
        "--secure-file-priv=NULL".to_owned(),
    ]);
    let url = format!("mysql://root@127.0.0.1:{port}");
    Server::start("mysqld", words, url, port, data, mysql_greets)
}

/// A database to begin with.
pub(super) const FIRST: &str = "CREATE DATABASE IF NOT EXISTS boxoffice;\n";

/// The options that MariaDB and MySQL share.
pub(super) fn options(folder: &str, port: u16, first: &Path) -> Vec<String> {
    vec![
        "--user=root".to_owned(),
        format!("--datadir={folder}"),
        format!("--socket={folder}/s.sock"),
        format!("--pid-file={folder}/server.pid"),
        format!("--port={port}"),
        "--bind-address=127.0.0.1".to_owned(),
        "--max-connections=500".to_owned(),
        format!("--init-file={}", first.display()),
    ]
}
