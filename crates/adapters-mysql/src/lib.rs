//! Users, sessions, bookings and the outbox: the ports [`UserRepository`], [`SessionRepository`],
//! [`BookingRepository`] and [`OutboxRepository`], in MySQL or MariaDB.
//!
//! [`relational`] has the ports on any SQL store that sea-orm knows; a [`Dialect`] says what differs,
//! and the embedded default brings its own. [`mysql`] has what is MySQL's alone: the pool with its
//! session settings, the schema, the probe.
//!
//! [`UserRepository`]: domain::user::UserRepository
//! [`SessionRepository`]: domain::session::SessionRepository
//! [`BookingRepository`]: domain::booking::BookingRepository
//! [`OutboxRepository`]: domain::booking::OutboxRepository
//! [`Dialect`]: relational::Dialect

pub mod mysql;
pub mod relational;

pub use migrations::mysql_script;
pub use mysql::{
    MySqlDiagnosis, MySqlProbe, MySqlSchema, MySqlSettings, MySqlUrlError, SchemaStep,
};
