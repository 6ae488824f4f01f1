//! `cargo xtask ci`: the gate.

use xtask::error::Result;

use super::{build, cargo, deny, schemathesis, test};

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
    let built = build::all_tests()?;
    test::run_built(&built, None)?;
    schemathesis::run_on(&built, schemathesis::Effort::default())?;
    advisories.tell();
    Ok(())
}
