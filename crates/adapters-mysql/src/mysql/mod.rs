//! What is MySQL's alone.

mod connection;
mod diagnosis;
mod dialect;
mod probe;
mod schema;

pub use connection::{MySqlSettings, MySqlUrlError, connect, sample};
pub use diagnosis::MySqlDiagnosis;
pub use probe::MySqlProbe;
pub use schema::{MySqlSchema, SchemaStep};

/// The store's name in errors and health reports.
const STORE: &str = "mysql";
