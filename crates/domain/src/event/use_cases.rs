//! What can be done with events, as the outside sees it.

use async_trait::async_trait;

use super::{Event, EventChange, EventDetails, EventId, EventList, EventQuery, ExpectedRevision};
use crate::cursor::{Moment, Start};
use crate::error::Failure;
use crate::idempotency::{Done, KeyError, KeyUse};
use crate::page::PageSize;
use crate::request::{Identity, Origin};

/// Why an event was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateEventError {
    /// Its key stands for another request, or for this one on its way.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why an event was not changed.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// There is no such event.
    #[error("there is no such event")]
    NotFound,
    /// More tickets are sold or held than the new number of tickets.
    #[error("the new number of tickets is below what is sold")]
    CapacityBelowSold,
    /// Somebody else edited it since.
    #[error("the event was edited by somebody else")]
    Outdated,
    /// Its key stands for another request, or for this one on its way.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why an event was not deleted.
#[derive(Debug, thiserror::Error)]
pub enum DeleteEventError {
    /// There is no such event.
    #[error("there is no such event")]
    NotFound,
    /// It has a booking, maybe a cancelled one: the books keep both.
    #[error("the event has bookings")]
    HasBookings,
    /// Somebody else edited it since.
    #[error("the event was edited by somebody else")]
    Outdated,
    /// Its key stands for another request, or for this one on its way.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What can be done with events. The caller has checked that `by` is an admin; every change leaves
/// an audit record, and is made once under each key.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait EventUseCases: Send + Sync {
    /// Makes an event with all its tickets available.
    async fn create(
        &self,
        details: EventDetails,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<Event>, CreateEventError>;

    /// Changes an event of an expected revision, whole or not at all.
    async fn update(
        &self,
        id: EventId,
        change: EventChange,
        expected: ExpectedRevision,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<Event>, UpdateError>;

    /// Deletes an event of an expected revision that has no booking and never had one.
    async fn delete(
        &self,
        id: EventId,
        expected: ExpectedRevision,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<()>, DeleteEventError>;

    /// The event of that id.
    async fn fetch(&self, id: EventId) -> Result<Option<Event>, Failure>;

    /// Some of the events of a list, from `start` on. What is available is so at this moment: it has not
    /// begun. Of those lists that the store looks into event after event for, a few are read at once; one
    /// more is unavailable.
    async fn list(
        &self,
        query: EventQuery,
        start: Start<Moment>,
        size: PageSize,
    ) -> Result<EventList, Failure>;
}
