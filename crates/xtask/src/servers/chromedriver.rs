//! ChromeDriver, which lets a test drive a browser (W3C WebDriver).

use super::Executables;
use super::process::{Data, Server, free_port};
use super::wire::answers_ok;
use crate::error::Result;

/// Starts ChromeDriver; what the browser keeps goes with the server.
///
/// # Errors
///
/// The program is not there, or does not start.
pub fn start_chromedriver(executables: &Executables) -> Result<Server> {
    let program = Executables::need(&executables.chromedriver, "chromedriver")?;
    let (data, port) = (Data::temporary()?, free_port()?);
    let words = vec![
        "env".to_owned(),
        format!("HOME={}", data.path().display()),
        program.display().to_string(),
        format!("--port={port}"),
    ];
    let url = format!("http://127.0.0.1:{port}");
    let ready = |port| answers_ok(port, "/status");
    Server::start("chromedriver", words, url, port, data, ready)
}
