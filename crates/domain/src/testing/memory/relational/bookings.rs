//! The bookings.

use async_trait::async_trait;

use super::super::page_of;
use super::{MemoryRelational, StoredBooking, Tables};
use crate::booking::{
    Booking, BookingId, BookingRepository, BookingStatus, CancelOutcome, Cancellation, Cancelled,
    CommitError, CommitOutcome, FenceOutcome, KeyedRequest, NewBooking, ReservationRow,
};
use crate::error::StoreError;
use crate::event::EventId;
use crate::idempotency::UserKey;
use crate::page::{Page, PageRequest};
use crate::request::Identity;
use crate::stock::{HoldRef, ReservationId, StockReturn};
use crate::time::Timestamp;
use crate::user::{Role, UserId};

impl Tables {
    fn row(&self, reservation: ReservationId) -> Option<&StoredBooking> {
        self.bookings.get(self.by_reservation.get(&reservation)?)
    }

    fn insert_row(&mut self, row: impl FnOnce(BookingId) -> StoredBooking) -> BookingId {
        self.last_booking += 1;
        let id = BookingId::new(self.last_booking);
        let row = row(id);
        self.by_reservation.insert(row.reservation_id, id);
        self.bookings.insert(id, row);
        id
    }

    fn keyed(&self, used: &UserKey) -> Option<KeyedRequest> {
        let Some((id, fingerprint)) = self.keys.get(&(used.user_id, used.key.clone())) else {
            return self.claims.get(used).map(|claim| KeyedRequest {
                fingerprint: claim.used.fingerprint.clone(),
                booking: None,
            });
        };
        Some(KeyedRequest {
            fingerprint: fingerprint.clone(),
            booking: Some(self.bookings.get(id)?.booking.clone()?),
        })
    }

    fn commit_one(&mut self, new: &NewBooking) -> CommitOutcome {
        if self.by_reservation.contains_key(&new.reservation_id) {
            return CommitOutcome::ReservationTaken;
        }
        if !self.users.contains_key(&new.user_id) {
            return CommitOutcome::UserGone;
        }
        if let Some(used) = &new.key
            && self.keys.contains_key(&(new.user_id, used.key.clone()))
        {
            return CommitOutcome::KeyTaken;
        }
        CommitOutcome::Booked(self.insert_booking(new))
    }

    fn insert_booking(&mut self, new: &NewBooking) -> Booking {
        let booking = |id| Booking {
            id,
            event_id: new.event_id,
            user_id: new.user_id,
            ticket_type: new.ticket_type.clone(),
            quantity: new.quantity,
            status: BookingStatus::Confirmed,
            created_at: new.created_at,
        };
        let id = self.insert_row(|id| StoredBooking {
            reservation_id: new.reservation_id,
            booking: Some(booking(id)),
            key: new.key.as_ref().map(|used| used.key.clone()),
        });
        if let Some(used) = &new.key {
            self.keys.insert(
                (new.user_id, used.key.clone()),
                (id, used.fingerprint.clone()),
            );
        }
        let record = new.audit.clone().on_booking(id);
        self.push_outbox(new.event_id, new.ticket_type.clone(), record);
        booking(id)
    }

    fn fence_one(&mut self, reservation_id: ReservationId) -> FenceOutcome {
        match self.row(reservation_id).map(|row| row.booking.clone()) {
            Some(Some(booking)) => FenceOutcome::Booked(booking),
            Some(None) => FenceOutcome::Void,
            None => {
                self.insert_row(|_| StoredBooking {
                    reservation_id,
                    booking: None,
                    key: None,
                });
                FenceOutcome::Void
            }
        }
    }

    fn cancel_one(&mut self, wish: &Cancellation) -> CancelOutcome {
        let key_is_free = self.is_free(wish.key.as_ref());
        let Some(booking) = self
            .bookings
            .get_mut(&wish.booking_id)
            .and_then(|row| row.booking.as_mut())
            .filter(|booking| may_cancel(wish.by, booking))
        else {
            return CancelOutcome::NotFound;
        };
        if booking.status != BookingStatus::Confirmed {
            return CancelOutcome::AlreadyCancelled;
        }
        if !key_is_free {
            return CancelOutcome::KeyTaken;
        }
        booking.status = BookingStatus::Cancelled { at: wish.at };
        let booking = booking.clone();
        let (event_id, ticket_type) = (booking.event_id, booking.ticket_type.clone());
        let counter = self
            .returned
            .entry((event_id, ticket_type.clone()))
            .or_default();
        *counter += u64::from(booking.quantity.get());
        let returned = *counter;
        self.remember(wish.key.as_ref());
        self.push_outbox(event_id, ticket_type.clone(), wish.audit.clone());
        CancelOutcome::Cancelled(Cancelled {
            booking,
            stock_return: StockReturn {
                event_id,
                ticket_type,
                returned,
            },
        })
    }

    fn bookings_of(&self, user: UserId) -> Vec<&Booking> {
        let rows = self.bookings.values().rev();
        rows.filter_map(|row| row.booking.as_ref())
            .filter(|booking| booking.user_id == user)
            .collect()
    }

    fn has_booking_of(&self, event: EventId) -> bool {
        let mut bookings = self.bookings.values().filter_map(|r| r.booking.as_ref());
        bookings.any(|booking| booking.event_id == event)
    }

    fn forget_one(&mut self, before: Timestamp) -> bool {
        let Some(row) = self.bookings.values_mut().find(|row| {
            let booking = row.booking.as_ref();
            row.key.is_some() && booking.is_some_and(|booking| booking.created_at < before)
        }) else {
            return false;
        };
        if let (Some(key), Some(booking)) = (row.key.take(), &row.booking) {
            self.keys.remove(&(booking.user_id, key));
        }
        true
    }
}

impl Tables {
    fn forget_claims(&mut self, before: Timestamp, limit: u64) -> u64 {
        let mut freed = 0;
        self.claims.retain(|_, claim| {
            let goes = claim.at < before && freed < limit;
            freed += u64::from(goes);
            !goes
        });
        freed
    }
}

/// Whose business a booking is.
fn may_cancel(by: Identity, booking: &Booking) -> bool {
    by.role == Role::Admin || by.user_id == booking.user_id
}

#[async_trait]
impl BookingRepository for MemoryRelational {
    async fn commit(&self, group: &[NewBooking]) -> Result<Vec<CommitOutcome>, CommitError> {
        let mut tables = self.open().map_err(CommitError::RolledBack)?;
        Ok(group.iter().map(|new| tables.commit_one(new)).collect())
    }

    async fn find_booking(&self, id: BookingId) -> Result<Option<Booking>, StoreError> {
        let tables = self.open()?;
        Ok(tables.bookings.get(&id).and_then(|row| row.booking.clone()))
    }

    async fn find_by_keys(
        &self,
        keys: &[UserKey],
    ) -> Result<Vec<Option<KeyedRequest>>, StoreError> {
        let tables = self.open()?;
        Ok(keys.iter().map(|key| tables.keyed(key)).collect())
    }

    async fn find_reservations(
        &self,
        ids: &[ReservationId],
    ) -> Result<Vec<ReservationRow>, StoreError> {
        let tables = self.open()?;
        let state = |id: &ReservationId| match tables.row(*id).map(|row| row.booking.clone()) {
            None => ReservationRow::Absent,
            Some(None) => ReservationRow::Void,
            Some(Some(booking)) => ReservationRow::Booked(booking),
        };
        Ok(ids.iter().map(state).collect())
    }

    async fn fence(&self, holds: &[HoldRef]) -> Result<Vec<FenceOutcome>, StoreError> {
        let mut tables = self.open()?;
        let ids = holds.iter().map(|hold| hold.reservation_id);
        Ok(ids.map(|id| tables.fence_one(id)).collect())
    }

    async fn cancel(&self, group: &[Cancellation]) -> Result<Vec<CancelOutcome>, CommitError> {
        let mut tables = self.open().map_err(CommitError::RolledBack)?;
        Ok(group.iter().map(|wish| tables.cancel_one(wish)).collect())
    }

    async fn list_for_user(
        &self,
        user: UserId,
        page: PageRequest,
    ) -> Result<Page<Booking>, StoreError> {
        let tables = self.open()?;
        let all = tables.bookings_of(user);
        Ok(page_of(&all, page, Booking::clone))
    }

    async fn any_booking_of(&self, event: EventId) -> Result<bool, StoreError> {
        Ok(self.open()?.has_booking_of(event))
    }

    async fn any_trace_of(&self, event: EventId) -> Result<bool, StoreError> {
        let tables = self.open()?;
        let booked = tables.has_booking_of(event);
        Ok(booked || tables.outbox.values().any(|row| row.event_id == event))
    }

    async fn forget_keys(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        let mut tables = self.open()?;
        let mut freed = 0;
        while freed < limit && tables.forget_one(before) {
            freed += 1;
        }
        Ok(freed.max(tables.forget_claims(before, limit)))
    }
}
