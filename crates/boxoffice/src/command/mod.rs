//! The commands, a file each.

mod admin_listener;
mod announcement;
pub(crate) mod check;
pub(crate) mod create_admin;
pub(crate) mod healthcheck;
pub(crate) mod logs;
pub(crate) mod migrate;
pub(crate) mod serve;
pub(crate) mod verify;

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use domain::checkpoint::{Apart, Checkpoint};

use crate::backend::{Backend, SchemaGate};

/// Prints for the one who called; a closed pipe is no reason to fail.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Waits until every store is there, each for `patience`, with the schema that this program needs.
pub(crate) async fn until_usable(backend: &Backend, patience: Duration) -> Result<(), String> {
    for (schema, probe) in backend.schemas.iter().zip(&backend.probes) {
        let gate = SchemaGate::new(Arc::clone(schema), Arc::clone(probe));
        let passed = tokio::time::timeout(patience, gate.pass(false)).await;
        let passed = passed.map_err(|_| format!("{} is away", schema.store()))?;
        passed.map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Which store is older than the other, and by what it shows.
pub(crate) fn in_words(apart: Apart, bookings: &str, events: &str) -> String {
    let (older, newer) = match apart.bookings_are_older() {
        true => (bookings, events),
        false => (events, bookings),
    };
    let point = |checkpoint: Option<Checkpoint>| match checkpoint {
        Some(Checkpoint { n, at }) => format!("{n} of {at}"),
        None => "none".to_owned(),
    };
    format!(
        "{older} is older than {newer} (checkpoint in {bookings}: {}, in {events}: {}), as after a restore \
         of one of them",
        point(apart.bookings),
        point(apart.events),
    )
}
