//! `boxoffice migrate`: the schemas of the databases, forward and back.

use std::sync::Arc;
use std::time::Duration;

use domain::error::chain;

use super::say;
use crate::backend::{self, Backend, SchemaGate};
use crate::cli::MigrateStep;
use crate::config::Config;

/// How long `up` waits for a database that is still starting or electing.
const PATIENCE: Duration = Duration::from_secs(120);

pub(crate) async fn run(config: &Config, step: MigrateStep) -> Result<(), String> {
    if matches!(step, MigrateStep::Print) {
        say(&adapters_mysql::mysql_script());
        return Ok(());
    }
    let backend = backend::connect(config).await?;
    match step {
        MigrateStep::Up => up(&backend).await,
        MigrateStep::Down { steps } => down(&backend, steps).await,
        MigrateStep::Status | MigrateStep::Print => status(&backend).await,
    }
}

async fn up(backend: &Backend) -> Result<(), String> {
    for (schema, probe) in backend.schemas.iter().zip(&backend.probes) {
        let gate = SchemaGate::new(Arc::clone(schema), Arc::clone(probe));
        let passed = tokio::time::timeout(PATIENCE, gate.pass(true)).await;
        let passed = passed.map_err(|_| format!("{} is away", schema.store()))?;
        passed.map_err(|error| error.to_string())?;
        say(&format!("{}: up to date", schema.store()));
    }
    Ok(())
}

async fn down(backend: &Backend, steps: u32) -> Result<(), String> {
    for schema in &backend.schemas {
        schema.down(steps).await.map_err(|error| chain(&error))?;
        say(&format!(
            "{}: took back up to {steps} steps",
            schema.store()
        ));
    }
    Ok(())
}

async fn status(backend: &Backend) -> Result<(), String> {
    for schema in &backend.schemas {
        for step in schema.steps().await.map_err(|error| chain(&error))? {
            let mark = if step.applied { "applied" } else { "missing" };
            say(&format!("{}: {mark} {}", schema.store(), step.name));
        }
    }
    Ok(())
}
