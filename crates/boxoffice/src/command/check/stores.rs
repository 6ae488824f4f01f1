//! What the stores say of themselves and of each other.

use std::sync::Arc;
use std::time::Duration;

use domain::diagnosis::{Diagnosis, Finding};
use domain::error::{StoreError, chain};

use super::Checked;
use crate::app;
use crate::backend::{Backend, Schema};
use crate::command::in_words;
use crate::platform::{self, Tasks};

/// How long one store may take for everything; reading through a large file takes a while.
const PATIENCE: Duration = Duration::from_secs(60);

pub(super) async fn check(backend: &Backend) -> Vec<Checked> {
    let mut checked = Vec::new();
    let mut all_usable = true;
    for (diagnosis, schema) in backend.diagnoses.iter().zip(&backend.schemas) {
        let look = look_at(diagnosis.as_ref(), schema.as_ref());
        let (findings, usable) = match tokio::time::timeout(PATIENCE, look).await {
            Ok(seen) => seen,
            Err(_) => (vec![unreachable("it does not answer")], false),
        };
        all_usable &= usable;
        let part = diagnosis.store();
        let findings = findings.into_iter();
        checked.extend(findings.map(|finding| Checked { part, finding }));
    }
    // Without schemas there is nothing to compare and nobody to look for.
    if all_usable {
        checked.extend(look_at_all(backend).await);
    }
    checked
}

/// What is found in one store, and whether it can be worked with.
async fn look_at(diagnosis: &dyn Diagnosis, schema: &dyn Schema) -> (Vec<Finding>, bool) {
    let examination = match diagnosis.examine().await {
        Ok(examination) => examination,
        Err(error) => return (vec![unreachable(&chain(&error))], false),
    };
    let mut findings = examination.findings;
    let here = platform::runtime(&Arc::new(Tasks::new())).clock.now();
    findings.push(Finding::of_clocks(here, examination.clock));
    let steps = schema.steps().await;
    let missing = steps.map(|steps| steps.iter().filter(|step| !step.applied).count());
    let usable = matches!(missing, Ok(0));
    findings.push(judge_schema(missing));
    if usable {
        findings.push(judge_writing(diagnosis.try_writing().await));
    }
    (findings, usable)
}

fn unreachable(why: &str) -> Finding {
    let mend = "start the server, or correct the URL, the user or the password";
    Finding::wrong("reachable", why, mend)
}

fn judge_schema(missing: Result<usize, StoreError>) -> Finding {
    match missing {
        Ok(0) => Finding::ok("schema", "up to date"),
        Ok(missing) => {
            let seen = format!("lacks {missing} steps");
            Finding::wrong("schema", seen, "run `boxoffice migrate up`")
        }
        Err(error) => Finding::wrong("schema", chain(&error), "see what the database says"),
    }
}

fn judge_writing(tried: Result<(), StoreError>) -> Finding {
    match tried {
        Ok(()) => Finding::ok("rights", "may read and write"),
        Err(error) => {
            let mend = "let this user select, insert, update and delete";
            Finding::wrong("rights", chain(&error), mend)
        }
    }
}

/// What only both stores together tell.
async fn look_at_all(backend: &Backend) -> Vec<Checked> {
    let runtime = platform::runtime(&Arc::new(Tasks::new()));
    let apart = app::checkpoints(backend, &runtime).look().await;
    let checkpoints = match apart {
        Ok(None) => Finding::ok("checkpoints", "the stores are of the same age"),
        Ok(Some(apart)) => Finding::wrong(
            "checkpoints",
            in_words(apart, backend.bookings_store, backend.stock_store),
            "stop all servers and run `boxoffice verify --repair`",
        ),
        Err(error) => Finding::wrong("checkpoints", chain(&error), "see what the database says"),
    };
    let admin = match backend.users.admin_exists().await {
        Ok(true) => Finding::ok("admin", "there is one"),
        Ok(false) => Finding::doubtful(
            "admin",
            "there is none",
            "run `boxoffice create-admin`, or call create-admin with the setup token",
        ),
        Err(error) => Finding::wrong("admin", chain(&error), "see what the database says"),
    };
    let part = "stores";
    let findings = [checkpoints, admin].into_iter();
    findings.map(|finding| Checked { part, finding }).collect()
}
