//! The embedded default: one SQLite file.

use std::path::Path;
use std::sync::Arc;

use adapters_embedded::Embedded;
use async_trait::async_trait;
use domain::error::{StoreError, chain};
use domain::health::Probe;

use super::{Backend, Schema, SchemaStep};

/// Opens the file in `data_dir`, or makes it.
pub(super) async fn open(data_dir: &Path) -> Result<Backend, String> {
    let embedded = Embedded::open(data_dir)
        .await
        .map_err(|error| chain(&error))?;
    let probe: Arc<dyn Probe> = embedded.probe();
    let name = probe.name();
    Ok(Backend {
        users: embedded.users(),
        bookings: embedded.bookings(),
        outbox: embedded.outbox(),
        events: embedded.events(),
        stock: embedded.stock(),
        audit: embedded.audit(),
        probes: vec![probe],
        bookings_store: name,
        stock_store: name,
        description: format!("embedded, in {}", embedded.path().display()),
        schemas: vec![Arc::new(EmbeddedSchema { name, embedded })],
    })
}

struct EmbeddedSchema {
    name: &'static str,
    embedded: Embedded,
}

#[async_trait]
impl Schema for EmbeddedSchema {
    fn store(&self) -> &'static str {
        self.name
    }

    async fn steps(&self) -> Result<Vec<SchemaStep>, StoreError> {
        let steps = self.embedded.steps().await?.into_iter();
        Ok(steps
            .map(|step| SchemaStep {
                name: step.name,
                applied: step.applied,
            })
            .collect())
    }

    async fn up(&self) -> Result<(), StoreError> {
        self.embedded.up().await
    }

    async fn down(&self, steps: u32) -> Result<(), StoreError> {
        self.embedded.down(steps).await
    }
}
