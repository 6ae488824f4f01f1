//! The tables that only the embedded default has: events, stock, holds and the audit log, which
//! otherwise live in MongoDB.

mod audit;
mod events;
mod holds;
mod keys;
mod stock;

use crate::Step;
use crate::dialect::Dialect;

/// The migrations, oldest first. Their names sort behind those of the relational tables, which came
/// first.
pub(crate) fn steps() -> Vec<Step> {
    let sqlite = Dialect::Sqlite;
    vec![
        sqlite.table("n0001_events", &mut events::table()),
        sqlite.index(
            "n0002_events_by_date",
            events::Events::Table,
            &mut events::by_date(),
        ),
        sqlite.index(
            "n0003_events_by_closing",
            events::Events::Table,
            &mut events::by_closing(),
        ),
        sqlite.table("n0004_event_stock", &mut stock::table()),
        sqlite.table("n0005_holds", &mut holds::table()),
        sqlite.index(
            "n0006_holds_by_key",
            holds::Holds::Table,
            &mut holds::by_key(),
        ),
        sqlite.index(
            "n0007_holds_by_age",
            holds::Holds::Table,
            &mut holds::by_age(),
        ),
        sqlite.table("n0008_system_logs", &mut audit::table()),
        sqlite.index(
            "n0009_system_logs_by_time",
            audit::SystemLogs::Table,
            &mut audit::by_time(),
        ),
        sqlite.index(
            "n0010_system_logs_by_action",
            audit::SystemLogs::Table,
            &mut audit::by_action(),
        ),
        sqlite.index(
            "n0011_system_logs_by_actor",
            audit::SystemLogs::Table,
            &mut audit::by_actor(),
        ),
        sqlite.column(
            "n0012_event_revision",
            events::Events::Table,
            &mut events::revision(),
        ),
        sqlite.table("n0013_event_keys", &mut keys::table()),
        sqlite.index(
            "n0014_event_keys_by_time",
            keys::EventKeys::Table,
            &mut keys::by_time(),
        ),
        audit::by_target(),
        audit::by_outcome(),
    ]
}
