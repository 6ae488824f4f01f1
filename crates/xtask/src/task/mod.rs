//! The commands, a file each.

pub(crate) mod bench;
pub(crate) mod build;
pub(crate) mod ci;
pub(crate) mod databases;
pub(crate) mod deny;
pub(crate) mod dev;
pub(crate) mod openapi;
mod postman;
pub(crate) mod schemathesis;
pub(crate) mod simulate;
pub(crate) mod suites;
pub(crate) mod tally;
pub(crate) mod test;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::error::{Context, Error, Result};

/// Prints a line for the developer; a closed pipe is no reason to fail.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Says which step begins.
pub(crate) fn step(line: &str) {
    say(&format!("[xtask] {line}"));
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

/// The folder where servers are kept; git ignores it.
pub(crate) fn databases_folder() -> PathBuf {
    root().join(".databases")
}

/// What cargo tells a program of the package that it is from. Build scripts look at it (ring's does): handed
/// on, everything above them would be built anew after each call that a person made, and back again.
const OF_THIS_PACKAGE: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// A cargo call in the repository.
pub(crate) fn cargo(words: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let is_ours = |prefix: &str| name.to_string_lossy().starts_with(prefix);
        if OF_THIS_PACKAGE.iter().any(|prefix| is_ours(prefix)) {
            command.env_remove(&name);
        }
    }
    command
        .args(words)
        .current_dir(root())
        .stdin(std::process::Stdio::null());
    command
}

/// Runs a command whose output the developer sees.
pub(crate) fn run(mut command: Command, what: &str) -> Result<()> {
    step(what);
    let status = command.status().context(format!("cannot run {what}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::new(format!("{what} failed")))
    }
}

/// Waits for ever: Ctrl-C ends this process and its children alike.
pub(crate) fn wait_for_ctrl_c() -> ! {
    loop {
        std::thread::park();
    }
}
