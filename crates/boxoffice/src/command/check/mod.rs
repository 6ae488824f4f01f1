//! `boxoffice check`: whether the configuration and the databases are right, and how to mend what is not.

mod data_folder;
mod print;
mod secrets;
mod stores;
mod tls;
mod traces;

use std::process::ExitCode;
use std::sync::Arc;

use adapters_embedded::Embedded;
use domain::diagnosis::{Finding, Verdict};

use self::print::print;
use crate::backend;
use crate::cli::Check;
use crate::config::{Config, Storage};
use crate::platform::{self, Tasks};

/// The exit code when anything is wrong.
const WRONG: u8 = 1;

/// What was looked at, and what was found there.
struct Checked {
    part: &'static str,
    finding: Finding,
}

const CONFIGURATION: &str = "configuration";

/// Checks everything and prints a line for each thing.
pub(crate) async fn run(config: &Config, options: &Check) -> ExitCode {
    let mut checked = vec![Checked {
        part: CONFIGURATION,
        finding: Finding::ok("settings", "all of them can be read"),
    }];
    let mut found = secrets::check(config);
    let now = platform::runtime(&Arc::new(Tasks::new())).clock.now();
    found.push(tls::check(config.http.tls.as_ref(), now));
    found.push(traces::check(config.traces.as_ref()).await);
    checked.extend(found.into_iter().map(|finding| Checked {
        part: CONFIGURATION,
        finding,
    }));
    checked.extend(check_data(config).await);
    end(&checked, options)
}

/// Says that the configuration cannot even be read; nothing else is looked at then.
pub(crate) fn refuse(line: &str, options: &Check) -> ExitCode {
    let mend = "set the variable that is named; `boxoffice --help` lists them all";
    let finding = Finding::wrong("settings", line, mend);
    let part = CONFIGURATION;
    end(&[Checked { part, finding }], options)
}

/// What is in the stores, as far as there is anything yet. The file of the embedded default is not made
/// for being looked at.
async fn check_data(config: &Config) -> Vec<Checked> {
    let mut checked = Vec::new();
    if let Storage::Embedded { data_dir } = &config.storage {
        checked.push(Checked {
            part: "sqlite",
            finding: data_folder::check(data_dir),
        });
        if !data_dir.join(Embedded::FILE).exists() {
            return checked;
        }
    }
    match backend::connect(config).await {
        Ok(backend) => checked.extend(stores::check(&backend).await),
        Err(line) => checked.push(Checked {
            part: CONFIGURATION,
            finding: Finding::wrong("storage", line, "correct what is named"),
        }),
    }
    checked
}

fn end(checked: &[Checked], options: &Check) -> ExitCode {
    print(checked, options.json);
    let is_wrong = |one: &Checked| matches!(one.finding.verdict, Verdict::Wrong { .. });
    match checked.iter().any(is_wrong) {
        true => ExitCode::from(WRONG),
        false => ExitCode::SUCCESS,
    }
}
