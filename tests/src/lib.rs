//! The harness of the end-to-end suites: databases, servers, callers, and a look into the databases
//! themselves. Everything panics with what went wrong: it is for tests.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod client;
mod databases;
mod inspect;
mod server;
mod world;

pub use client::{Answer, Client};
pub use databases::{Databases, OwnServers, program};
pub use inspect::{BookingRow, EventStock, Inspector};
pub use server::{JWT_SECRET, SETUP_TOKEN, Server};
pub use world::{PASSWORD, User, World};

use std::time::{Duration, Instant};

/// Looks again and again until `look` finds something; panics with `what` after half a minute.
pub async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            start.elapsed() < Duration::from_secs(30),
            "waited in vain: {what}"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Whether `condition` comes true within half a minute.
pub async fn until_true(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    until(what, async || condition().await.then_some(())).await;
}
