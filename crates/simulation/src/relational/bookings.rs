//! The bookings' port, and its look-ups.

use std::collections::BTreeMap;

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

use super::tables::Tables;
use super::transaction::{CALL_LIMIT, TxError, durable};
use super::{Relational, lost};
use crate::line::{Line, Lost};
use crate::mutation::Mutation;

/// A read of one statement: what is visible, on disk or not.
pub(super) async fn plain<T: Send + 'static>(
    line: &Line,
    what: &'static str,
    read: impl FnOnce(&Tables) -> T + Send + 'static,
) -> Result<T, TxError> {
    let world = line.world.clone();
    let work = async move { read(&world.state().relational.live) };
    let answer = line.call(what, CALL_LIMIT, work).await;
    answer.map_err(|_: Lost| TxError::Unknown)
}

/// What stands under each of the ids, on disk.
pub(super) async fn reservations(
    line: &Line,
    ids: &[ReservationId],
) -> Result<BTreeMap<ReservationId, ReservationRow>, TxError> {
    let ids = ids.to_vec();
    let what = format!("look up {} reservations", ids.len());
    durable(
        line,
        &what,
        Some(Mutation::NoBarrierForReservations),
        move |tables| {
            let rows = ids.iter().map(|id| (*id, tables.reservation(*id)));
            let found: BTreeMap<_, _> = rows.collect();
            let seen = found.values().any(|row| *row != ReservationRow::Absent);
            (found, seen)
        },
    )
    .await
}

#[async_trait]
impl BookingRepository for Relational {
    async fn commit(&self, group: &[NewBooking]) -> Result<Vec<CommitOutcome>, CommitError> {
        self.commit_group(group).await
    }

    async fn find_booking(&self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        let found = durable(&self.0, "find a booking", None, move |tables| {
            let row = tables.row(id).and_then(|row| row.booking.clone());
            let seen = row.is_some();
            (row, seen)
        });
        found.await.map_err(lost)
    }

    async fn find_by_keys(
        &self,
        keys: &[UserKey],
    ) -> Result<Vec<Option<KeyedRequest>>, StoreError> {
        let name = |used: &UserKey| (used.user_id, used.key.as_str().to_owned());
        let keys: Vec<(UserId, String)> = keys.iter().map(name).collect();
        let (wanted, count) = (keys.clone(), keys.len());
        // Most keys are new, and "no" needs no barrier.
        let there = plain(&self.0, "look for keys", move |tables| {
            wanted.iter().any(|key| tables.keyed(key).is_some())
        });
        if !there.await.map_err(lost)? {
            return Ok(vec![None; count]);
        }
        let found = durable(
            &self.0,
            "find by keys",
            Some(Mutation::NoBarrierForKeys),
            move |tables| {
                let found: Vec<_> = keys.iter().map(|key| tables.keyed(key)).collect();
                let seen = found.iter().any(Option::is_some);
                (found, seen)
            },
        );
        found.await.map_err(lost)
    }

    async fn find_reservations(
        &self,
        ids: &[ReservationId],
    ) -> Result<Vec<ReservationRow>, StoreError> {
        let mut rows = reservations(&self.0, ids).await.map_err(lost)?;
        let row = |id| rows.remove(id).unwrap_or(ReservationRow::Absent);
        Ok(ids.iter().map(row).collect())
    }

    async fn fence(&self, holds: &[HoldRef]) -> Result<Vec<FenceOutcome>, StoreError> {
        self.fence_all(holds).await.map_err(lost)
    }

    async fn cancel(&self, group: &[Cancellation]) -> Result<Vec<CancelOutcome>, CommitError> {
        self.cancel_group(group).await
    }

    async fn list_for_user(
        &self,
        user: UserId,
        page: PageRequest,
    ) -> Result<Page<Booking>, StoreError> {
        let listed = plain(&self.0, "list bookings", move |tables| {
            let all = tables.bookings().map(|(booking, _)| booking);
            let mine: Vec<&Booking> = all.filter(|booking| booking.user_id == user).collect();
            let skip = usize::try_from(page.offset()).unwrap_or(usize::MAX);
            let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
            let rows = mine.iter().rev().skip(skip).take(limit);
            Page {
                rows: rows.map(|booking| (*booking).clone()).collect(),
                total: mine.len() as u64,
            }
        });
        listed.await.map_err(lost)
    }

    async fn any_booking_of(&self, event: EventId) -> Result<bool, StoreError> {
        let booked = durable(
            &self.0,
            "look for bookings of the event",
            Some(Mutation::NoBarrierForBookings),
            move |tables| {
                let found = tables.has_booking_of(event);
                (found, found)
            },
        );
        booked.await.map_err(lost)
    }

    async fn any_trace_of(&self, event: EventId) -> Result<bool, StoreError> {
        let trace = durable(
            &self.0,
            "look for traces of the event",
            None,
            move |tables| {
                let found = tables.has_trace_of(event);
                (found, found)
            },
        );
        trace.await.map_err(lost)
    }

    /// Keys live for two days, and a run for minutes: none is ever old enough.
    async fn forget_keys(&self, _before: Timestamp, _limit: u64) -> Result<u64, StoreError> {
        Ok(0)
    }
}
