//! Every store of Boxoffice on one SQLite file: the embedded default.
//!
//! The same use cases and the same booking protocol run on it as on MySQL with MongoDB; there is no
//! second path. [`Embedded::open`] gives the ports. Each call of a port is one transaction that takes
//! SQLite's write lock at its beginning and is on disk when it is answered, so several processes may
//! work on one file.

mod audit_log;
mod audit_trail;
mod checkpoint;
#[cfg(test)]
mod cost;
mod database;
mod diagnosis;
mod dialect;
mod embedded;
mod error;
mod event_keys;
mod event_list;
mod event_repository;
mod event_row;
mod folder;
mod probe;
mod schema;
mod span;
mod sql;
mod stock;
mod stock_repository;
mod survey;

pub use audit_log::SqliteAuditLog;
pub use checkpoint::SqliteCheckpoint;
pub use diagnosis::SqliteDiagnosis;
pub use embedded::{Embedded, OpenError};
pub use event_repository::SqliteEventRepository;
pub use probe::SqliteProbe;
pub use schema::SchemaStep;
pub use stock_repository::SqliteStockRepository;
pub use survey::SqliteStockSurvey;
