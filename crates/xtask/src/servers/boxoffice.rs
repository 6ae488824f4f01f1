//! Boxoffice itself, on its embedded default.

use std::path::Path;

use super::process::{Data, Server, free_port};
use super::wire::answers_ok;
use crate::error::Result;

/// Starts the server on fresh data, as it is by default but for `options`.
///
/// # Errors
///
/// The server does not start.
pub fn start_boxoffice(program: &Path, options: &[&str]) -> Result<Server> {
    let (data, port) = (Data::temporary()?, free_port()?);
    // Neither the developer's variables nor a `.env` where the command runs are for this server. The shell
    // gives its process to the server.
    let clean = ["sh", "-c", "cd \"$0\" && exec env -i \"$@\""];
    let mut words: Vec<String> = clean.map(str::to_owned).into();
    let folder = data.path().display().to_string();
    words.extend([folder.clone(), program.display().to_string()]);
    words.extend(["--data-dir".to_owned(), folder]);
    words.extend(["--port".to_owned(), port.to_string()]);
    words.extend(["--admin-port", "off"].map(str::to_owned));
    words.extend(options.iter().map(|option| (*option).to_owned()));
    let url = format!("http://127.0.0.1:{port}");
    let ready = |port| answers_ok(port, "/health/ready");
    Server::start("boxoffice", words, url, port, data, ready)
}
