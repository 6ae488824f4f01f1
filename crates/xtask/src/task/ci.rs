//! `cargo xtask ci`: the gate.

use xtask::error::Result;

use super::{cargo, deny, test};

pub(crate) fn run() -> Result<()> {
    super::run(cargo(&["fmt", "--all", "--check"]), "cargo fmt --check")?;
    let clippy = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "--deny",
        "warnings",
    ];
    super::run(cargo(&clippy), "cargo clippy")?;
    let advisories = deny::run()?;
    test::run(None)?;
    advisories.tell();
    Ok(())
}
