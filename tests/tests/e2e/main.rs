//! The API over HTTP, on the databases that the run is about: the same suites on the embedded default,
//! on MariaDB with MongoDB, and on MySQL with MongoDB. Run with `cargo xtask test`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod admins;
mod audit;
mod bad_input;
mod check;
mod crash;
mod events;
mod guessing;
mod hang_ups;
mod idempotency;
mod instances;
mod lifecycle;
mod lists;
mod logs;
mod metrics;
mod once;
mod original_bodies;
mod revisions;
mod rush;
mod sessions;
mod shapes;
mod shutdown;
mod tokens;
mod unheard;
mod users;
mod verify;
mod walk;
