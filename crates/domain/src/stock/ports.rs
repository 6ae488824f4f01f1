//! What the stock needs from outside.

use std::time::Duration;

use async_trait::async_trait;

use super::{
    ClosingState, ClosingToken, DeleteOutcome, Hold, HoldRef, ReserveOutcome, StaleClosing,
    StockBatch, StockReturn,
};
use crate::error::StoreError;
use crate::event::{EventId, ExpectedRevision};
use crate::idempotency::KeyClaim;

/// Why a batch of reservations has no outcomes.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    /// Proven: nothing was executed and nothing will be (no connection, not primary).
    #[error("the reservations were not executed")]
    NotExecuted(#[source] StoreError),
    /// Any of it may have been executed, or may be later. Each reservation is to be fenced and then
    /// released; it must not be sent again.
    #[error("it is unknown whether the reservations were executed")]
    Unknown(#[source] StoreError),
}

/// Keeps the stock: available tickets, holds and returns, inside the event's own document.
///
/// Every write touches one event in one atomic step and is answered when it survives the loss of
/// any minority of the store's servers; a batch over several events is atomic per event only. Each
/// step that moves stock also bumps the document's counter `sv`. Always: `0 <= available <= total`.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait StockRepository: Send + Sync {
    /// Settles the given holds and tries to grant the given reservations, in order; the answer has one
    /// outcome per reservation, in the same order. A reservation that does not fit does not stop a
    /// smaller one behind it. A granted one takes its tickets from the stock and leaves a hold with the
    /// store's own time; an event has at most [`MAX_HOLDS`] holds.
    ///
    /// A batch is sent once. It is sent again only when the answer proves that it was not executed:
    /// under one id a second execution, after the hold was settled, would take stock for good. The
    /// outcomes are told by the write's own answer, or read after it in its causal order, once a majority
    /// has it.
    async fn reserve(&self, batch: &StockBatch) -> Result<Vec<ReserveOutcome>, ReserveError>;

    /// Takes away holds whose bookings exist. The stock does not move. A hold that is not there (any
    /// more) is none; safe to repeat.
    async fn settle(&self, holds: &[HoldRef]) -> Result<(), StoreError>;

    /// Takes away holds whose bookings can never exist, and gives their tickets back to the stock, in
    /// one step that is guarded by the hold's presence: safe to repeat and to race.
    async fn release(&self, holds: &[HoldRef]) -> Result<(), StoreError>;

    /// Brings each returned counter up to the given one and moves the available tickets by the same
    /// difference. A counter that is not below the given one stays, and so does the stock: late,
    /// doubled and reordered calls change nothing. An event that does not exist is passed over.
    async fn apply_returns(&self, returns: &[StockReturn]) -> Result<(), StoreError>;

    /// Up to `limit` holds, of any events, that are older than `age` by the store's clock.
    async fn stale_holds(&self, age: Duration, limit: usize) -> Result<Vec<Hold>, StoreError>;

    /// Closes an event of an expected revision for reservations under `token`, unless another token
    /// closes it already, in one step, and says what it then looks like. Sent once per token.
    async fn close(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
    ) -> Result<ClosingState, StoreError>;

    /// What the event looks like to the try `token`, never [`ClosingState::Outdated`]; a majority read.
    async fn closing_state(
        &self,
        event: EventId,
        token: ClosingToken,
    ) -> Result<ClosingState, StoreError>;

    /// Opens the event again if it is closed by `token`, else does nothing.
    async fn reopen(&self, event: EventId, token: ClosingToken) -> Result<(), StoreError>;

    /// Deletes the event if it is closed by `token`, has no holds, and its revision is an expected one:
    /// a closed event can still be edited. All in one step, in which `key` is remembered.
    async fn delete_closed<'a>(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
        key: Option<&'a KeyClaim>,
    ) -> Result<DeleteOutcome, StoreError>;

    /// Up to `limit` closings that are older than `age` by the store's clock.
    async fn stale_closings(
        &self,
        age: Duration,
        limit: usize,
    ) -> Result<Vec<StaleClosing>, StoreError>;
}

/// The most holds that an event may have at once: every update rewrites the document, and a document
/// has 16 MiB.
pub const MAX_HOLDS: usize = 4_096;
