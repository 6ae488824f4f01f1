//! Looking at all bookings.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use async_trait::async_trait;

use super::{MemoryRelational, StoredBooking};
use crate::booking::BookingStatus;
use crate::error::StoreError;
use crate::event::EventId;
use crate::stock::{ReservationId, TicketType};
use crate::verify::{BookingSnapshot, BookingSurvey, TicketCount};

/// A copy of the tables.
struct MemorySnapshot {
    rows: Vec<StoredBooking>,
    returned: BTreeMap<(EventId, TicketType), u64>,
}

#[async_trait]
impl BookingSurvey for MemoryRelational {
    async fn snapshot(&self) -> Result<Box<dyn BookingSnapshot>, StoreError> {
        let tables = self.open()?;
        Ok(Box::new(MemorySnapshot {
            rows: tables.bookings.values().cloned().collect(),
            returned: tables.returned.clone(),
        }))
    }

    async fn booked_events(
        &self,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<EventId>, StoreError> {
        let tables = self.open()?;
        let bookings = tables
            .bookings
            .values()
            .filter_map(|row| row.booking.as_ref());
        let events: BTreeSet<EventId> = bookings
            .map(|booking| booking.event_id)
            .filter(|event| Some(*event) > after)
            .collect();
        Ok(events.into_iter().take(limit).collect())
    }
}

#[async_trait]
impl BookingSnapshot for MemorySnapshot {
    async fn confirmed(&self, events: &[EventId]) -> Result<Vec<TicketCount>, StoreError> {
        let mut sums: BTreeMap<(EventId, TicketType), i64> = BTreeMap::new();
        let bookings = self.rows.iter().filter_map(|row| row.booking.as_ref());
        for booking in bookings {
            if booking.status == BookingStatus::Confirmed && events.contains(&booking.event_id) {
                let key = (booking.event_id, booking.ticket_type.clone());
                *sums.entry(key).or_default() += i64::from(booking.quantity.get());
            }
        }
        Ok(sums.into_iter().map(count).collect())
    }

    async fn returned(&self, events: &[EventId]) -> Result<Vec<TicketCount>, StoreError> {
        let counters = self.returned.iter();
        let of_them = counters.filter(|((event, _), _)| events.contains(event));
        Ok(of_them
            .map(|(key, n)| count((key.clone(), i64::try_from(*n).unwrap_or(i64::MAX))))
            .collect())
    }

    async fn booked(&self, ids: &[ReservationId]) -> Result<HashSet<ReservationId>, StoreError> {
        let booked = self.rows.iter().filter(|row| row.booking.is_some());
        Ok(booked
            .map(|row| row.reservation_id)
            .filter(|id| ids.contains(id))
            .collect())
    }

    async fn make_durable(self: Box<Self>) -> Result<(), StoreError> {
        Ok(())
    }
}

fn count(((event_id, ticket_type), tickets): ((EventId, TicketType), i64)) -> TicketCount {
    TicketCount {
        event_id,
        ticket_type,
        tickets,
    }
}
