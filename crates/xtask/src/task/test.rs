//! `cargo xtask test`: everything, on every backend.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use xtask::error::{Context, Error, Result};
use xtask::provision::{Provision, provision};
use xtask::servers::{Server, start_mariadb, start_mongodb, start_mysql};

use super::build::{self, Built, TestBinary};
use super::suites::{Backend, Run, runs_of};
use super::tally::{Row, merge, read_results, table};
use super::{cargo, databases_folder, say, step};

/// The servers that the suites of a run share.
pub(crate) struct Servers {
    pub(crate) mariadb: Shared,
    pub(crate) mongodb: Shared,
    pub(crate) mysql: Option<Shared>,
}

/// A server that suites share. Those that kill and freeze servers start their own.
pub(crate) enum Shared {
    /// Named by the environment, and left as it is but for databases that the suites make and drop.
    Given(String),
    /// Ours, for this run.
    Own(Server),
}

impl Shared {
    /// The server's URL, without a database name.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Given(url) => url,
            Self::Own(server) => server.url(),
        }
    }

    /// The server that `variable` names, or else one that `start` starts.
    #[expect(
        clippy::disallowed_methods,
        reason = "developers name their own servers this way"
    )]
    fn find(variable: &str, start: impl FnOnce() -> Result<Server>) -> Result<Self> {
        match std::env::var(variable) {
            Ok(url) if !url.is_empty() => Ok(Self::Given(url)),
            _ => start().map(Self::Own),
        }
    }
}

/// Finds or installs the servers' programs and starts one server of each that is not given.
pub(crate) fn start_servers() -> Result<(Provision, Servers)> {
    let provision = provision(&databases_folder())?;
    step("starting throw-away databases");
    let programs = &provision.executables;
    let mysql = programs
        .mysqld
        .is_some()
        .then(|| Shared::find("BOXOFFICE_MYSQL_URL", || start_mysql(programs)))
        .transpose()?;
    let servers = Servers {
        mariadb: Shared::find("BOXOFFICE_MARIADB_URL", || start_mariadb(programs))?,
        mongodb: Shared::find("BOXOFFICE_MONGODB_URL", || start_mongodb(programs))?,
        mysql,
    };
    Ok((provision, servers))
}

pub(crate) fn run(filter: Option<&str>) -> Result<()> {
    run_built(&build::all_tests()?, filter)
}

/// The same with tests that are built already.
pub(crate) fn run_built(built: &Built, filter: Option<&str>) -> Result<()> {
    let (provision, servers) = start_servers()?;
    let mut rows = Vec::new();
    for test in &built.tests {
        for run in runs_of(test) {
            if run.backend.needs_mysql() && servers.mysql.is_none() {
                continue;
            }
            rows.push(run_one(test, &run, built, &provision, &servers, filter)?);
        }
    }
    rows.push(doc_tests(filter)?);
    drop(servers);
    report(&merge(rows), provision.no_mysql.as_deref())
}

fn report(rows: &[Row], no_mysql: Option<&str>) -> Result<()> {
    say("");
    if let Some(why) = no_mysql {
        say(&format!("!!! MySQL itself was NOT covered: {why}"));
        say("!!! MariaDB, which speaks the same protocol, was.\n");
    }
    say(&table(rows));
    if rows.iter().all(|row| row.failed == 0) {
        Ok(())
    } else {
        Err(Error::new("tests failed"))
    }
}

fn run_one(
    test: &TestBinary,
    run: &Run,
    built: &Built,
    provision: &Provision,
    servers: &Servers,
    filter: Option<&str>,
) -> Result<Row> {
    step(&format!(
        "{} {} on {}",
        test.package,
        test.target,
        run.backend.label()
    ));
    let mut command = Command::new(&test.path);
    command
        .args(filter)
        .current_dir(&test.folder)
        .stdin(Stdio::null());
    command.envs(environment(run.backend, built, provision, servers));
    row(command, run.suite, run.backend.label())
}

/// The variables that a suite finds its servers by.
pub(crate) fn environment(
    backend: Backend,
    built: &Built,
    provision: &Provision,
    servers: &Servers,
) -> Vec<(&'static str, String)> {
    let mut variables = provision.executables.to_env();
    variables.push((
        "BOXOFFICE_TEST_MONGODB_URL",
        servers.mongodb.url().to_owned(),
    ));
    let mysql = servers.mysql.as_ref().filter(|_| backend.needs_mysql());
    let mysql = mysql.unwrap_or(&servers.mariadb);
    variables.push(("BOXOFFICE_TEST_MYSQL_URL", mysql.url().to_owned()));
    if let Some(name) = backend.name() {
        variables.push(("BOXOFFICE_TEST_BACKEND", name.to_owned()));
    }
    if let Some(server) = &built.server {
        variables.push(("BOXOFFICE_BIN", server.display().to_string()));
    }
    variables
}

fn doc_tests(filter: Option<&str>) -> Result<Row> {
    step("examples in the documentation");
    let mut command = cargo(&["test", "--workspace", "--locked", "--doc", "--quiet"]);
    if let Some(filter) = filter {
        command.args(["--", filter]);
    }
    row(command, "documentation", Backend::None.label())
}

/// Runs tests, shows what they print as it comes, and counts.
fn row(mut command: Command, suite: &str, backend: &str) -> Result<Row> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot run a test")?;
    let mut output = String::new();
    if let Some(pipe) = child.stdout.take() {
        for line in BufReader::new(pipe).lines() {
            let line = line.unwrap_or_default();
            say(&line);
            output.push_str(&line);
            output.push('\n');
        }
    }
    let status = child.wait().context("cannot wait for a test")?;
    let (passed, mut failed) = read_results(&output).unwrap_or((0, 0));
    // A suite that breaks off, or is killed, has failed although no line says so.
    if !status.success() && failed == 0 {
        failed = 1;
    }
    Ok(Row {
        suite: suite.to_owned(),
        backend: backend.to_owned(),
        passed,
        failed,
    })
}
