//! `cargo xtask deny`: the dependencies' licences, sources and duplicates, and what is known against
//! them, as `deny.toml` says.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use xtask::error::Result;

use super::{cargo, root, say};

/// The version that is used, here and in the gate.
const VERSION: &str = "0.20.2";

/// Whether the dependencies were held against the list of known weaknesses, which lies elsewhere.
#[must_use]
pub(crate) enum Advisories {
    Checked,
    Unreachable,
}

impl Advisories {
    /// Says so if they were not checked; nobody is to take silence for a good sign.
    pub(crate) fn tell(&self) {
        if matches!(self, Self::Unreachable) {
            say(
                "!!! Advisories were NOT checked: the RustSec database cannot be reached from here",
            );
        }
    }
}

pub(crate) fn run() -> Result<Advisories> {
    let program = cargo_deny()?;
    let call = |words: &[&str]| {
        let mut command = Command::new(&program);
        command.arg("--locked").args(words).current_dir(root());
        command.stdin(Stdio::null()).env("GIT_TERMINAL_PROMPT", "0");
        command
    };
    let held = [
        "check",
        "--hide-inclusion-graph",
        "bans",
        "licenses",
        "sources",
    ];
    super::run(call(&held), "cargo deny: bans, licences, sources")?;
    if super::run(call(&["fetch", "db"]), "cargo deny: fetching advisories").is_err() {
        Advisories::Unreachable.tell();
        return Ok(Advisories::Unreachable);
    }
    let known = ["check", "--disable-fetch", "advisories"];
    super::run(call(&known), "cargo deny: advisories")?;
    Ok(Advisories::Checked)
}

/// The program: the one on the PATH if it is of our version, or else one that is built once and kept.
fn cargo_deny() -> Result<PathBuf> {
    let kept = root().join(".tools/bin/cargo-deny");
    let found = ["cargo-deny".into(), kept.clone()];
    if let Some(program) = found.into_iter().find(|program| is_ours(program)) {
        return Ok(program);
    }
    // Without optimisation it is there in two minutes instead of ten, and quick enough.
    let version = format!("cargo-deny@{VERSION}");
    let mut install = cargo(&[
        "install", "--locked", "--debug", "--root", ".tools", &version,
    ]);
    install.env("CARGO_PROFILE_DEV_DEBUG", "0");
    super::run(install, "building cargo-deny (once, some minutes)")?;
    Ok(kept)
}

fn is_ours(program: &Path) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|output| {
        String::from_utf8_lossy(&output.stdout).trim() == format!("cargo-deny {VERSION}")
    })
}
