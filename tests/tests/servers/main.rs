//! What concerns MySQL and MongoDB as servers: outages and schemas. Run with `cargo xtask test`.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod chaos;
mod outages;
mod retries;
mod schema;
