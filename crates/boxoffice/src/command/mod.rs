//! The commands, a file each.

pub(crate) mod create_admin;
pub(crate) mod healthcheck;
pub(crate) mod migrate;
pub(crate) mod serve;

use std::io::Write;

/// Prints for the one who called; a closed pipe is no reason to fail.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
