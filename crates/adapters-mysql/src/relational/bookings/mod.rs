//! The bookings. Lock order everywhere: bookings by id, then counters by event and type.

mod cancel;
mod commit;
mod fence;
mod insert;
mod list;
mod lookup;
#[cfg(test)]
mod made;
mod write;

use std::time::Duration;

use async_trait::async_trait;
use domain::booking::{
    Booking, BookingId, BookingRepository, CancelOutcome, Cancellation, CommitError, CommitOutcome,
    FenceOutcome, KeyedRequest, NewBooking, ReservationRow,
};
use domain::error::StoreError;
use domain::event::EventId;
use domain::idempotency::UserKey;
use domain::page::{Page, PageRequest};
use domain::stock::{HoldRef, ReservationId};
use domain::time::Timestamp;
use domain::user::UserId;

use super::keys;
use super::store::SqlStore;

/// How often a group is sent before it is given up, and the pause before the second sending; each
/// further pause is longer by as much.
const SENDINGS: u32 = 8;
const PAUSE: Duration = Duration::from_millis(5);
/// How many go by themselves at a time, when one of a group is in somebody's way.
const AT_ONCE: usize = 8;

/// [`BookingRepository`] on a SQL store.
#[derive(Debug, Clone)]
pub struct SqlBookingRepository {
    store: SqlStore,
}

impl SqlBookingRepository {
    /// On `store`.
    pub fn new(store: SqlStore) -> Self {
        Self { store }
    }
}

#[async_trait]
impl BookingRepository for SqlBookingRepository {
    async fn commit(&self, group: &[NewBooking]) -> Result<Vec<CommitOutcome>, CommitError> {
        commit::commit(&self.store, group).await
    }

    async fn find_booking(&self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        lookup::by_id(&self.store, id).await
    }

    async fn find_by_keys(
        &self,
        keys: &[UserKey],
    ) -> Result<Vec<Option<KeyedRequest>>, StoreError> {
        keys::find(&self.store, keys).await
    }

    async fn find_reservations(
        &self,
        ids: &[ReservationId],
    ) -> Result<Vec<ReservationRow>, StoreError> {
        lookup::reservations(&self.store, ids).await
    }

    async fn fence(&self, holds: &[HoldRef]) -> Result<Vec<FenceOutcome>, StoreError> {
        fence::fence(&self.store, holds).await
    }

    async fn cancel(&self, group: &[Cancellation]) -> Result<Vec<CancelOutcome>, CommitError> {
        cancel::cancel(&self.store, group).await
    }

    async fn list_for_user(
        &self,
        user: UserId,
        page: PageRequest,
    ) -> Result<Page<Booking>, StoreError> {
        list::for_user(&self.store, user, page).await
    }

    async fn any_booking_of(&self, event: EventId) -> Result<bool, StoreError> {
        lookup::any_booking_of(&self.store, event).await
    }

    async fn any_trace_of(&self, event: EventId) -> Result<bool, StoreError> {
        lookup::any_trace_of(&self.store, event).await
    }

    async fn forget_keys(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        keys::forget(&self.store, before, limit).await
    }
}
