//! Mistakes that need both stores: decorators around the ports.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use domain::booking::{
    Booking, BookingId, BookingRepository, CancelOutcome, Cancellation, CommitError, CommitOutcome,
    FenceOutcome, KeyedRequest, NewBooking, OutboxId, OutboxRepository, PendingWork,
    ReservationRow,
};
use domain::error::StoreError;
use domain::event::{EventId, ExpectedRevision};
use domain::idempotency::{KeyClaim, UserKey};
use domain::page::{Page, PageRequest};
use domain::stock::{
    ClosingState, ClosingToken, DeleteOutcome, Hold, HoldRef, ReservationId, ReserveError,
    ReserveOutcome, StaleClosing, StockBatch, StockRepository, StockReturn,
};
use domain::time::Timestamp;
use domain::user::UserId;

use crate::documents::Documents;
use crate::relational::Relational;

/// [`Mutation::SettleBeforeCommit`](crate::Mutation::SettleBeforeCommit) and, with the traces that were
/// looked for too early, [`Mutation::BookingsBeforeHolds`](crate::Mutation::BookingsBeforeHolds).
pub(crate) struct HastyBookings {
    pub(crate) inner: Relational,
    pub(crate) stock: Option<Documents>,
    pub(crate) early: EarlyTraces,
}

/// Whether an event had traces when its deletion began.
pub(crate) type EarlyTraces = Arc<Mutex<BTreeMap<EventId, bool>>>;

#[async_trait]
impl BookingRepository for HastyBookings {
    async fn commit(&self, group: &[NewBooking]) -> Result<Vec<CommitOutcome>, CommitError> {
        if let Some(stock) = &self.stock {
            let hold = |new: &NewBooking| HoldRef {
                event_id: new.event_id,
                reservation_id: new.reservation_id,
            };
            let holds: Vec<HoldRef> = group.iter().map(hold).collect();
            // A mistake does not care how it ends.
            let _ = stock.settle(&holds).await;
        }
        self.inner.commit(group).await
    }

    async fn any_booking_of(&self, event: EventId) -> Result<bool, StoreError> {
        self.inner.any_booking_of(event).await
    }

    async fn any_trace_of(&self, event: EventId) -> Result<bool, StoreError> {
        let early = self
            .early
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&event);
        match early {
            Some(found) => Ok(found),
            None => self.inner.any_trace_of(event).await,
        }
    }

    async fn find_booking(&self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        self.inner.find_booking(id).await
    }

    async fn find_by_keys(
        &self,
        keys: &[UserKey],
    ) -> Result<Vec<Option<KeyedRequest>>, StoreError> {
        self.inner.find_by_keys(keys).await
    }

    async fn find_reservations(
        &self,
        ids: &[ReservationId],
    ) -> Result<Vec<ReservationRow>, StoreError> {
        self.inner.find_reservations(ids).await
    }

    async fn fence(&self, holds: &[HoldRef]) -> Result<Vec<FenceOutcome>, StoreError> {
        self.inner.fence(holds).await
    }

    async fn cancel(&self, group: &[Cancellation]) -> Result<Vec<CancelOutcome>, CommitError> {
        self.inner.cancel(group).await
    }

    async fn list_for_user(
        &self,
        user: UserId,
        page: PageRequest,
    ) -> Result<Page<Booking>, StoreError> {
        self.inner.list_for_user(user, page).await
    }

    async fn forget_keys(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.inner.forget_keys(before, limit).await
    }
}

/// Looks for bookings as soon as an event is closed.
pub(crate) struct HastyStock {
    pub(crate) inner: Documents,
    pub(crate) bookings: Relational,
    pub(crate) early: EarlyTraces,
}

#[async_trait]
impl StockRepository for HastyStock {
    async fn close(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
    ) -> Result<ClosingState, StoreError> {
        let state = self.inner.close(event, token, expected).await?;
        if let Ok(found) = self.bookings.any_trace_of(event).await {
            let mut early = self.early.lock().unwrap_or_else(PoisonError::into_inner);
            early.insert(event, found);
        }
        Ok(state)
    }

    async fn reserve(&self, batch: &StockBatch) -> Result<Vec<ReserveOutcome>, ReserveError> {
        self.inner.reserve(batch).await
    }

    async fn settle(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        self.inner.settle(holds).await
    }

    async fn release(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        self.inner.release(holds).await
    }

    async fn apply_returns(&self, returns: &[StockReturn]) -> Result<(), StoreError> {
        self.inner.apply_returns(returns).await
    }

    async fn stale_holds(&self, age: Duration, limit: usize) -> Result<Vec<Hold>, StoreError> {
        self.inner.stale_holds(age, limit).await
    }

    async fn closing_state(
        &self,
        event: EventId,
        token: ClosingToken,
    ) -> Result<ClosingState, StoreError> {
        self.inner.closing_state(event, token).await
    }

    async fn reopen(&self, event: EventId, token: ClosingToken) -> Result<(), StoreError> {
        self.inner.reopen(event, token).await
    }

    async fn delete_closed<'a>(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
        key: Option<&'a KeyClaim>,
    ) -> Result<DeleteOutcome, StoreError> {
        self.inner.delete_closed(event, token, expected, key).await
    }

    async fn stale_closings(
        &self,
        age: Duration,
        limit: usize,
    ) -> Result<Vec<StaleClosing>, StoreError> {
        self.inner.stale_closings(age, limit).await
    }
}

/// [`Mutation::RememberReturns`](crate::Mutation::RememberReturns): with the outbox rows go the memories
/// of their returns.
pub(crate) struct ForgetfulOutbox {
    pub(crate) inner: Relational,
    pub(crate) stock: Documents,
}

#[async_trait]
impl OutboxRepository for ForgetfulOutbox {
    async fn pending(&self, after: OutboxId, limit: u64) -> Result<PendingWork, StoreError> {
        self.inner.pending(after, limit).await
    }

    async fn forget(&self, rows: &[OutboxId]) -> Result<(), StoreError> {
        self.inner.forget(rows).await?;
        self.stock.forget_returns(rows).await
    }
}
