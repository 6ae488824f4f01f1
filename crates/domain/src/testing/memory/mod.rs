//! Every store port in memory.
//!
//! Both halves pass the same contract suites as the real backends, so unit tests may trust them.
//! What a real backend may answer but need not (an unknown outcome, a fence that has to wait, a
//! refusal whose reason is gone), they never answer; for those there are the ports' mocks.

mod documents;
mod relational;

use std::sync::Arc;

pub use documents::{MemoryDocuments, StockView};
pub use relational::{MemoryRelational, StoredBooking};

use super::ManualClock;
use crate::error::StoreError;
use crate::page::{Page, PageRequest};

/// Both stores, with the clock that the documents' store goes by.
#[derive(Debug, Clone)]
pub struct MemoryBackend {
    /// The clock.
    pub clock: Arc<ManualClock>,
    /// Users, bookings and the outbox.
    pub relational: Arc<MemoryRelational>,
    /// Events with their stock, and the audit log.
    pub documents: Arc<MemoryDocuments>,
}

impl MemoryBackend {
    /// Two empty stores.
    pub fn new() -> Self {
        let clock = Arc::new(ManualClock::default());
        Self {
            relational: Arc::new(MemoryRelational::new()),
            documents: Arc::new(MemoryDocuments::new(clock.clone())),
            clock,
        }
    }
}

impl Default for MemoryBackend {
    fn default() -> Self {
        Self::new()
    }
}

/// What a store answers that was switched off.
fn away(store: &'static str) -> StoreError {
    StoreError::unavailable(store, "switched off by the test")
}

/// One page of `all`, each of its rows turned into an answer.
fn page_of<T, U>(all: &[&T], page: PageRequest, turn: impl Fn(&T) -> U) -> Page<U> {
    let skipped = usize::try_from(page.offset()).unwrap_or(usize::MAX);
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let rows = all.iter().skip(skipped).take(limit);
    Page {
        rows: rows.map(|row| turn(row)).collect(),
        total: all.len() as u64,
    }
}

#[cfg(test)]
mod tests;
