//! What bookings need from outside.

use async_trait::async_trait;

use super::{Booking, BookingId, Quantity};
use crate::audit::AuditRecord;
use crate::error::StoreError;
use crate::event::EventId;
use crate::idempotency::{Fingerprint, KeyClaim, KeyUse, UserKey};
use crate::page::{Page, PageRequest};
use crate::request::Identity;
use crate::stock::{HoldRef, ReservationId, StockReturn, TicketType};
use crate::time::Timestamp;
use crate::user::UserId;

/// A booking to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewBooking {
    /// The reservation whose hold it takes over; unique among all bookings.
    pub reservation_id: ReservationId,
    /// The event.
    pub event_id: EventId,
    /// Whose it is.
    pub user_id: UserId,
    /// The type of ticket.
    pub ticket_type: TicketType,
    /// How many tickets.
    pub quantity: Quantity,
    /// When it is made.
    pub created_at: Timestamp,
    /// The key that it is made under; unique among the user's bookings.
    pub key: Option<KeyUse>,
    /// What goes into the outbox with it; the store sets the booking's id as its target.
    pub audit: AuditRecord,
}

/// What became of one booking of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is on disk.
    Booked(Booking),
    /// The user does not exist (any more).
    UserGone,
    /// The user has a booking under that key, or gets one in the same group.
    KeyTaken,
    /// There is a row with that reservation id: a question to be answered by reading it, not a refusal.
    ReservationTaken,
    /// Somebody's open transaction is in its way for too long. Proven: nothing of it is there, and
    /// nothing will be.
    Busy,
    /// It was sent by itself and may be there, or may come to be; see [`CommitError::Unknown`].
    Unknown,
}

/// Why a write of bookings has no outcomes.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Proven: nothing of it is there, and nothing will be (every sending was answered with a refusal
    /// and rolled back, with acknowledgement).
    #[error("the transaction was rolled back")]
    RolledBack(#[source] StoreError),
    /// It may be there, or may come to be. It must not be sent again.
    #[error("it is unknown whether the transaction was committed")]
    Unknown(#[source] StoreError),
}

/// What stands under a reservation id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReservationRow {
    /// Nothing.
    Absent,
    /// A booking, confirmed or cancelled.
    Booked(Booking),
    /// A void row: no booking can ever come under this id.
    Void,
}

/// What became of one fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FenceOutcome {
    /// A void row stands, on disk: no booking can come under this id any more.
    Void,
    /// A booking was there first.
    Booked(Booking),
    /// Somebody's transaction holds the id at this moment; ask again later.
    Busy,
}

/// What was done under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    /// What was asked for under the key.
    pub fingerprint: Fingerprint,
    /// The booking that was made, as it is now; `None` if something else was done.
    pub booking: Option<Booking>,
}

/// A wish to cancel.
#[derive(Debug, Clone, PartialEq)]
pub struct Cancellation {
    /// Which booking.
    pub booking_id: BookingId,
    /// Who wants it: the owner, or an admin.
    pub by: Identity,
    /// When.
    pub at: Timestamp,
    /// The key that it is asked for under; remembered if it cancels something.
    pub key: Option<KeyClaim>,
    /// What goes into the outbox with it.
    pub audit: AuditRecord,
}

/// A cancelled booking and how much ever came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancelled {
    /// The booking as it is now.
    pub booking: Booking,
    /// The counter after this cancellation.
    pub stock_return: StockReturn,
}

/// What became of one cancellation of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It is cancelled, on disk, and its tickets are counted as returned.
    Cancelled(Cancelled),
    /// There is no such booking, or it is none of the caller's business.
    NotFound,
    /// It was cancelled before; that, too, is on disk.
    AlreadyCancelled,
    /// The user did something else under that key, or does so in the same group. Nothing was done.
    KeyTaken,
    /// Somebody's open transaction is in its way for too long. Proven: nothing was done.
    Busy,
    /// It was sent by itself and may be done, or may come to be; see [`CommitError::Unknown`].
    Unknown,
}

/// Keeps the bookings.
///
/// *Durable* reads in here are answered only from rows that survive a crash of the store: some
/// stores show a commit of another session before it is on disk, so after such a read the
/// implementation makes a write of its own on the same connection and waits for it (the barrier).
/// Lock order everywhere: bookings by id, then counters by event and type.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BookingRepository: Send + Sync {
    /// Stores a group of bookings with their keys and outbox rows in one transaction; one outcome per
    /// booking, in order. A booking that fails for its own reason is left out and the rest goes on
    /// without it. What is answered as booked is on disk.
    ///
    /// A commit of unknown outcome is never sent again by the implementation; deadlocks and lock
    /// timeouts are rolled back and tried anew, bounded.
    async fn commit(&self, group: &[NewBooking]) -> Result<Vec<CommitOutcome>, CommitError>;

    /// The booking of that id, if there is one; durable when found.
    async fn find_booking(&self, id: BookingId) -> Result<Option<Booking>, StoreError>;

    /// What was done in this store under each of the keys (at most 1,000), in order; durable when found.
    async fn find_by_keys(&self, keys: &[UserKey])
    -> Result<Vec<Option<KeyedRequest>>, StoreError>;

    /// What stands under each of the reservation ids (at most 1,000), in order; durable.
    async fn find_reservations(
        &self,
        ids: &[ReservationId],
    ) -> Result<Vec<ReservationRow>, StoreError>;

    /// Puts a void row under each of the reservation ids (at most 1,000) where none stands, and says in
    /// order what stands there now; durable. After [`FenceOutcome::Void`] a late commit fails on the
    /// unique id, so the hold may be released.
    async fn fence(&self, holds: &[HoldRef]) -> Result<Vec<FenceOutcome>, StoreError>;

    /// Cancels a group of bookings in one transaction, adds their quantities to the counters of what
    /// was returned, and leaves outbox rows; one outcome per cancellation, in order. A booking is
    /// cancelled at most once, however many try at the same time.
    async fn cancel(&self, group: &[Cancellation]) -> Result<Vec<CancelOutcome>, CommitError>;

    /// A page of the user's bookings, newest first.
    async fn list_for_user(
        &self,
        user: UserId,
        page: PageRequest,
    ) -> Result<Page<Booking>, StoreError>;

    /// Whether the event has any booking, also a cancelled one; durable. One may come at any moment: a "yes"
    /// is final, a "no" decides nothing.
    async fn any_booking_of(&self, event: EventId) -> Result<bool, StoreError>;

    /// Whether the event has any booking, also a cancelled one, or an outbox row; durable.
    async fn any_trace_of(&self, event: EventId) -> Result<bool, StoreError>;

    /// Frees up to `limit` keys of a kind that were used before `before`; what was done under them stays.
    /// Returns how many of the most frequent kind.
    async fn forget_keys(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError>;
}

/// An outbox row's id, in the order of insertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxId(pub i64);

impl OutboxId {
    /// Before all rows.
    pub const START: Self = Self(0);
}

/// What bookings or cancellations of one event left to be done in the other database.
#[derive(Debug, Clone, PartialEq)]
pub struct OutboxRow {
    /// Which row.
    pub id: OutboxId,
    /// The audit records to be written; `None` if they cannot be read, as those of a newer version.
    pub records: Option<Vec<AuditRecord>>,
}

/// Work that is still to be done in the other database.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PendingWork {
    /// Outbox rows, oldest first.
    pub rows: Vec<OutboxRow>,
    /// What was returned, for every event and type among the rows that ever had a return; read after
    /// the rows, so that it includes what they stand for.
    pub returns: Vec<StockReturn>,
}

/// The outbox: rows that a booking's or cancellation's own transaction leaves, so that what must
/// follow in the other database can't be lost.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait OutboxRepository: Send + Sync {
    /// Up to `limit` of the oldest rows behind `after`, and after them the counters they touch; durable.
    async fn pending(&self, after: OutboxId, limit: u64) -> Result<PendingWork, StoreError>;

    /// Takes rows away whose work is done. Rows that are not there are none.
    async fn forget(&self, rows: &[OutboxId]) -> Result<(), StoreError>;
}
