//! The ports' contracts as test suites.
//!
//! A backend plugs in with a function that makes a new, empty store, and a line for each half that
//! it implements:
//!
//! ```
//! // crates/adapters-example/tests/contract.rs
//! # fn main() {}
//! use domain::testing::MemoryBackend;
//! use domain::testing::contract::Relational;
//!
//! async fn fresh() -> Relational {
//!     let database = MemoryBackend::new(); // here a database of the backend, made for this call
//!     Relational {
//!         users: database.relational.clone(),
//!         sessions: database.relational.clone(),
//!         attempts: database.relational.clone(),
//!         bookings: database.relational.clone(),
//!         outbox: database.relational.clone(),
//!         survey: database.relational.clone(),
//!         checkpoint: database.relational.clone(),
//!         guard: Box::new(database), // whatever takes the database away when it is dropped
//!     }
//! }
//!
//! domain::relational_contract_tests!(fresh);
//! ```
//!
//! The same with [`Documents`] and [`document_contract_tests!`](crate::document_contract_tests).
//! Each case becomes a test of its own, such as `commit::a_reservation_is_booked_once`, with a store of
//! its own.
//!
//! A case is a public async function in one of the folders beside this file, and its name says what it
//! proves. It must be listed in its suite's macro; a test in here finds those that are not.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a contract that does not hold fails its test by panicking"
)]

#[doc(hidden)]
pub mod documents;
mod make;
#[doc(hidden)]
pub mod relational;
mod steps;

use std::any::Any;
use std::sync::Arc;

use crate::audit::{AuditLog, AuditTrail};
use crate::booking::{BookingRepository, OutboxRepository};
use crate::checkpoint::{FollowingCheckpoint, LeadingCheckpoint};
use crate::event::EventRepository;
use crate::session::SessionRepository;
use crate::stock::StockRepository;
use crate::throttle::LoginAttempts;
use crate::user::UserRepository;
use crate::verify::{BookingSurvey, StockRepair, StockSurvey};

/// A new, empty store of users, sessions, bookings and the outbox.
pub struct Relational {
    /// The users.
    pub users: Arc<dyn UserRepository>,
    /// Their sessions.
    pub sessions: Arc<dyn SessionRepository>,
    /// Attempts to sign in.
    pub attempts: Arc<dyn LoginAttempts>,
    /// The bookings.
    pub bookings: Arc<dyn BookingRepository>,
    /// The outbox.
    pub outbox: Arc<dyn OutboxRepository>,
    /// A look at all bookings.
    pub survey: Arc<dyn BookingSurvey>,
    /// The checkpoint beside them.
    pub checkpoint: Arc<dyn LeadingCheckpoint>,
    /// Keeps the store alive for as long as a case runs; dropped last, it takes the store away.
    pub guard: Box<dyn Any + Send>,
}

/// A new, empty store of events, their stock and the audit log. Its clock is about right.
pub struct Documents {
    /// The events.
    pub events: Arc<dyn EventRepository>,
    /// Their stock.
    pub stock: Arc<dyn StockRepository>,
    /// The audit log.
    pub audit: Arc<dyn AuditLog>,
    /// The audit log as it is read.
    pub trail: Arc<dyn AuditTrail>,
    /// A look at the stock of all events.
    pub survey: Arc<dyn StockSurvey>,
    /// The correction of their stock.
    pub repair: Arc<dyn StockRepair>,
    /// The checkpoint beside them.
    pub checkpoint: Arc<dyn FollowingCheckpoint>,
    /// Keeps the store alive for as long as a case runs; dropped last, it takes the store away.
    pub guard: Box<dyn Any + Send>,
}

/// Expands to one test per case; what both suites share.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($suite:ident, $fresh:path, $($area:ident { $($case:ident,)+ })+) => {$(
        mod $area {
            #[allow(unused_imports, reason = "a path that starts with `crate` needs nothing of it")]
            use super::*;

            $(
                #[::tokio::test(flavor = "multi_thread")]
                async fn $case() {
                    $crate::testing::contract::$suite::$area::$case($fresh().await).await;
                }
            )+
        }
    )+};
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// A case that is not listed would never run.
    #[test]
    fn every_case_is_listed_in_its_suite() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/testing/contract");
        for suite in ["relational", "documents"] {
            let list = std::fs::read_to_string(folder.join(suite).join("mod.rs")).unwrap();
            for entry in std::fs::read_dir(folder.join(suite)).unwrap() {
                let path = entry.unwrap().path();
                let source = std::fs::read_to_string(&path).unwrap();
                for case in cases(&source) {
                    let listed = list.lines().any(|line| line.trim() == format!("{case},"));
                    assert!(listed, "{case} of {} is not listed", path.display());
                }
            }
        }
    }

    fn cases(source: &str) -> impl Iterator<Item = &str> {
        source.lines().filter_map(|line| {
            let (name, _) = line.strip_prefix("pub async fn ")?.split_once('(')?;
            Some(name)
        })
    }
}
