//! The embedded default: one SQLite file.

use std::path::Path;
use std::sync::Arc;

use adapters_embedded::Embedded;
use domain::error::chain;
use domain::health::Probe;

use super::Backend;
use super::schema::StoreSchema;

/// Opens the file in `data_dir`, or makes it.
pub(super) async fn open(data_dir: &Path) -> Result<Backend, String> {
    let embedded = Embedded::open(data_dir)
        .await
        .map_err(|error| chain(&error))?;
    let probe: Arc<dyn Probe> = embedded.probe();
    let name = probe.name();
    Ok(Backend {
        users: embedded.users(),
        sessions: embedded.sessions(),
        attempts: embedded.attempts(),
        bookings: embedded.bookings(),
        outbox: embedded.outbox(),
        events: embedded.events(),
        stock: embedded.stock(),
        audit: embedded.audit(),
        trail: embedded.trail(),
        booking_survey: embedded.booking_survey(),
        stock_survey: embedded.stock_survey(),
        stock_repair: embedded.stock_repair(),
        leading_checkpoint: embedded.leading_checkpoint(),
        following_checkpoint: embedded.following_checkpoint(),
        probes: vec![probe],
        samples: embedded.samples(),
        diagnoses: vec![embedded.diagnosis()],
        bookings_store: name,
        stock_store: name,
        description: format!("embedded, in {}", embedded.path().display()),
        schemas: vec![Arc::new(StoreSchema {
            name,
            schema: embedded,
        })],
    })
}
