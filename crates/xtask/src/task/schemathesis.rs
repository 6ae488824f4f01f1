//! `cargo xtask schemathesis`: requests made out of the OpenAPI document, right and wrong ones, against the
//! server on its embedded default; each answer is held against the document. What Schemathesis is told is in
//! `crates/xtask/schemathesis`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::Args;
use xtask::error::{Context, Error, Result};
use xtask::servers::{Server, start_boxoffice};

use super::{build, root, run as run_step};

/// What the gate's requests are made from.
const SEED: u32 = 20_300_101;
/// As many as the gate has two minutes for.
const EXAMPLES: u32 = 100;

/// What to generate.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Effort {
    /// What the requests are made from; another seed makes others.
    #[arg(long, default_value_t = SEED)]
    seed: u32,
    /// The most requests per operation and phase.
    #[arg(long, default_value_t = EXAMPLES)]
    examples: u32,
}

impl Default for Effort {
    fn default() -> Self {
        Self {
            seed: SEED,
            examples: EXAMPLES,
        }
    }
}

pub(crate) fn run(effort: Effort) -> Result<()> {
    run_on(&build::all_tests()?, effort)
}

/// The same with a server that is built already.
pub(crate) fn run_on(built: &build::Built, effort: Effort) -> Result<()> {
    let server = built.server.as_ref();
    let server = server.ok_or_else(|| Error::new("the server was not built"))?;
    let program = program()?;
    for role in ["admin", "user"] {
        run_as(role, &program, server, effort)?;
    }
    Ok(())
}

/// A server for each: neither sees what the other left.
fn run_as(role: &str, program: &Path, built: &Path, effort: Effort) -> Result<()> {
    let options = ["--bcrypt-cost", "4", "--trusted-proxies", "127.0.0.1"];
    let server = start_boxoffice(built, &options)?;
    let command = command(role, program, built, &server, effort);
    run_step(command, &format!("Schemathesis as {role}"))
}

fn command(role: &str, program: &Path, built: &Path, server: &Server, effort: Effort) -> Command {
    let (seed, examples) = (effort.seed.to_string(), effort.examples.to_string());
    let mut command = Command::new(program);
    command
        .args(["--config-file", "schemathesis.toml", "run"])
        .arg(format!("{}/api/openapi.json", server.url()))
        .args(["--checks", "all", "--seed", &seed])
        .args(["--max-examples", &examples])
        .current_dir(folder())
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env(
            "HYPOTHESIS_STORAGE_DIRECTORY",
            server.data().join("hypothesis"),
        )
        .env("BOXOFFICE_URL", server.url())
        .env("BOXOFFICE_ROLE", role)
        .env("BOXOFFICE_BIN", built)
        .env("BOXOFFICE_DATA", server.data())
        .stdin(Stdio::null());
    command
}

/// Where what it is told is.
fn folder() -> PathBuf {
    root().join("crates/xtask/schemathesis")
}

/// Schemathesis in the versions of `requirements.txt`: installed once, and anew when these change.
fn program() -> Result<PathBuf> {
    let (home, list) = (
        root().join(".tools/schemathesis"),
        folder().join("requirements.txt"),
    );
    let (program, mark) = (home.join("bin/schemathesis"), home.join("requirements.txt"));
    let wanted = std::fs::read_to_string(&list).context("cannot read requirements.txt")?;
    if program.is_file() && std::fs::read_to_string(&mark).is_ok_and(|there| there == wanted) {
        return Ok(program);
    }
    let mut venv = Command::new("python3");
    venv.args(["-m", "venv", "--clear"]).arg(&home);
    run_step(
        venv,
        "making a Python environment (needs Python 3.10 with venv)",
    )?;
    let mut install = Command::new(home.join("bin/python"));
    install
        .args(["-m", "pip", "install", "--quiet"])
        .args(["--disable-pip-version-check", "--requirement"])
        .arg(&list);
    run_step(install, "installing Schemathesis from PyPI")?;
    // Last, so that a broken-off installation is never taken for one.
    std::fs::write(mark, wanted).context("cannot mark the environment")?;
    Ok(program)
}
