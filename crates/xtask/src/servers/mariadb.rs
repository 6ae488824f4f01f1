//! MariaDB.

use std::path::Path;

use super::Executables;
use super::mysql::FIRST;
use super::process::{Data, Server, free_port, run};
use super::wire::mysql_greets;
use crate::error::Result;

/// Starts a MariaDB server with fresh data.
///
/// # Errors
///
/// The programs are not there, or the server does not start.
pub fn start_mariadb(executables: &Executables) -> Result<Server> {
    start(executables, Data::temporary()?)
}

/// Starts a MariaDB server whose data stays in `folder`.
///
/// # Errors
///
/// As [`start_mariadb`].
pub fn start_mariadb_in(executables: &Executables, folder: &Path) -> Result<Server> {
    start(executables, Data::kept(folder)?)
}

fn start(executables: &Executables, data: Data) -> Result<Server> {
    let program = Executables::need(&executables.mariadbd, "mariadbd")?;
    let install = Executables::need(&executables.mariadb_install_db, "mariadb-install-db")?;
    let folder = data.path().display().to_string();
    if !data.path().join("mysql").exists() {
        run(&[
            install.display().to_string(),
            "--no-defaults".to_owned(),
            format!("--datadir={folder}"),
            "--auth-root-authentication-method=normal".to_owned(),
            "--skip-test-db".to_owned(),
        ])?;
    }
    // Durability stays as it comes: flush at each commit.
    let (port, first) = (free_port()?, data.write("first.sql", FIRST)?);
    let mut words = vec![program.display().to_string(), "--no-defaults".to_owned()];
    words.extend(super::mysql::options(&folder, port, &first));
    let url = format!("mysql://root@127.0.0.1:{port}");
    Server::start("mariadbd", words, url, port, data, mysql_greets)
}
