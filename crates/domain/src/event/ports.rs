//! What events need from outside. Their stock has a port of its own,
//! [`crate::stock::StockRepository`].

use async_trait::async_trait;

use super::{Edited, Event, EventEdit, EventFilter, EventId, EventQuery, EventSummary, NewEvent};
use crate::cursor::{Moment, Start};
use crate::error::StoreError;
use crate::idempotency::Remembered;
use crate::stock::KeyHash;

/// Why an event was not stored.
#[derive(Debug, thiserror::Error)]
pub enum InsertEventError {
    /// The user changed an event under that key before.
    #[error("the key is taken")]
    KeyTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why an event was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateEventError {
    /// There is no such event.
    #[error("there is no such event")]
    NotFound,
    /// More tickets are sold or held than the new number of tickets.
    #[error("the new number of tickets is below what is sold")]
    CapacityBelowSold,
    /// Somebody else edited it: its revision is none of the expected ones.
    #[error("the event was edited by somebody else")]
    Outdated,
    /// The user changed an event under that key before. Told before any other refusal.
    #[error("the key is taken")]
    KeyTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps the events.
///
/// Writes are answered when they survive the loss of any minority of the store's servers; reads see
/// every write that was answered before they began.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait EventRepository: Send + Sync {
    /// Stores an event whose tickets are all available, as the single ticket type `general`, under the
    /// first version. Its key is remembered in the same step.
    async fn insert(&self, event: &NewEvent) -> Result<Event, InsertEventError>;

    /// What was done in this store under a key, with the event as it was answered; for 24 hours at least.
    async fn find_by_key(&self, key: &KeyHash) -> Result<Option<Remembered>, StoreError>;

    /// The event of that id.
    async fn find(&self, id: EventId) -> Result<Option<Event>, StoreError>;

    /// Those of `ids` (at most 100) that exist, in any order; one query.
    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Event>, StoreError>;

    /// What bookings show of those of `ids` (at most 100) that exist, in any order; one query.
    async fn summaries(&self, ids: &[EventId]) -> Result<Vec<EventSummary>, StoreError>;

    /// Up to `limit` (at most 101) of the events of a list, from `start` on; one query.
    ///
    /// From a position on, the work does not grow with how far that is from the list's beginning.
    async fn list(
        &self,
        query: &EventQuery,
        start: Start<Moment>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// How many events are wanted. To count all of them does not look at each.
    async fn count(&self, filter: &EventFilter) -> Result<u64, StoreError>;

    /// Changes an event in one atomic step, whole or not at all, and returns it as it was right before
    /// and is right after. The step asks for the expected revision and adds one to it, and remembers the
    /// key.
    ///
    /// A new capacity moves the available tickets by the same difference, computed by the store in the
    /// same step: read, compute and write would lose what is sold in between.
    async fn update(&self, id: EventId, edit: &EventEdit) -> Result<Edited, UpdateEventError>;
}
