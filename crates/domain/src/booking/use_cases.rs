//! What can be done with bookings, as the outside sees it.

use async_trait::async_trait;

use super::{Booking, BookingId, Quantity};
use crate::error::Failure;
use crate::event::{EventId, EventSummary};
use crate::idempotency::{Done, IdempotencyKey, KeyError, KeyUse};
use crate::page::{Page, PageRequest};
use crate::request::{Identity, Origin};
use crate::user::UserId;

/// A wish to book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookTickets {
    /// The event.
    pub event_id: EventId,
    /// How many tickets.
    pub quantity: Quantity,
    /// The client's name for this request.
    pub key: Option<IdempotencyKey>,
}

/// Why nothing was booked.
#[derive(Debug, thiserror::Error)]
pub enum BookError {
    /// There is no such event.
    #[error("there is no such event")]
    EventNotFound,
    /// The event has begun.
    #[error("the event has begun")]
    EventEnded,
    /// Fewer tickets than wanted are available.
    #[error("not enough tickets are left")]
    SoldOut,
    /// Its key stands for another request, or for this one on its way.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The user was deleted meanwhile.
    #[error("the user does not exist any more")]
    UserGone,
    /// It could not be done, or its outcome is not known: the same request again with its key finds out.
    #[error(transparent)]
    Failed(#[from] Failure),
}

impl BookError {
    /// Whether this is an answer about the event or the key, and not a failure to find out.
    pub(super) fn is_refusal(&self) -> bool {
        !matches!(self, Self::Failed(_))
    }
}

/// Why nothing was cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    /// There is no such booking, or it is none of the caller's business.
    #[error("there is no such booking")]
    NotFound,
    /// It was cancelled before.
    #[error("the booking is cancelled already")]
    AlreadyCancelled,
    /// Its key stands for another request, or for this one on its way.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It could not be done, or its outcome is not known.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// A booking with what it shows of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingWithEvent {
    /// The booking.
    pub booking: Booking,
    /// Its event.
    pub event: Option<EventSummary>,
}

/// What can be done with bookings. Bookings and cancellations leave audit records that can't be lost.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BookingUseCases: Send + Sync {
    /// Books tickets for `by`. On `Ok` the booking is on disk; it is as it was when it was made.
    async fn book(
        &self,
        wish: BookTickets,
        by: Identity,
        origin: &Origin,
    ) -> Result<Done<Booking>, BookError>;

    /// Cancels a booking of `by`, or of anybody if `by` is an admin. On `Ok` the cancellation is on
    /// disk and its tickets come back exactly once.
    async fn cancel(
        &self,
        booking: BookingId,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<Booking>, CancelError>;

    /// A page of the user's bookings, newest first.
    async fn list_mine(
        &self,
        user: UserId,
        page: PageRequest,
    ) -> Result<Page<BookingWithEvent>, Failure>;
}
