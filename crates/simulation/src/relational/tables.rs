//! The tables: bookings with their unique keys, counters of returns, and the outbox.

use std::collections::BTreeMap;

use domain::audit::AuditRecord;
use domain::booking::{Booking, BookingId, BookingStatus, KeyedRequest, OutboxId, ReservationRow};
use domain::event::EventId;
use domain::idempotency::Fingerprint;
use domain::stock::ReservationId;
use domain::user::UserId;

/// One copy of all tables.
#[derive(Clone, Default)]
pub(crate) struct Tables {
    rows: BTreeMap<i64, Row>,
    by_reservation: BTreeMap<ReservationId, i64>,
    by_key: BTreeMap<Key, i64>,
    /// What was asked for under the keys of cancellations.
    claims: BTreeMap<Key, Fingerprint>,
    returned: BTreeMap<EventId, u64>,
    pub(crate) outbox: BTreeMap<OutboxId, OutboxEntry>,
    last_row: i64,
    last_outbox: i64,
}

/// An idempotency key as it is unique: of one user.
pub(crate) type Key = (UserId, String);

/// A row of the bookings; without a booking it is void.
#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) id: i64,
    pub(crate) reservation: ReservationId,
    pub(crate) booking: Option<Booking>,
    pub(crate) key: Option<(Key, Fingerprint)>,
}

/// A row of the outbox.
#[derive(Clone)]
pub(crate) struct OutboxEntry {
    pub(crate) event: EventId,
    pub(crate) record: AuditRecord,
    /// The tickets that come back with it; only a mutation looks.
    pub(crate) back: u32,
}

/// A change of one row, as the log carries it.
pub(crate) enum Change {
    /// A row of the bookings, new or changed.
    Row(Row),
    /// A counter's new value.
    Returned(EventId, u64),
    /// A new row of the outbox.
    Outbox(OutboxId, OutboxEntry),
    /// Rows of the outbox that go.
    Forget(Vec<OutboxId>),
    /// The key of a cancellation.
    Claim(Key, Fingerprint),
    /// The barrier's own write.
    Mark,
}

impl Tables {
    pub(crate) fn apply(&mut self, change: &Change) {
        match change {
            Change::Row(row) => {
                self.last_row = self.last_row.max(row.id);
                self.by_reservation.insert(row.reservation, row.id);
                if let Some((key, _)) = &row.key {
                    self.by_key.insert(key.clone(), row.id);
                }
                self.rows.insert(row.id, row.clone());
            }
            Change::Returned(event, value) => {
                self.returned.insert(*event, *value);
            }
            Change::Outbox(id, entry) => {
                self.last_outbox = self.last_outbox.max(id.0);
                self.outbox.insert(*id, entry.clone());
            }
            Change::Forget(ids) => ids.iter().for_each(|id| {
                self.outbox.remove(id);
            }),
            Change::Claim(key, fingerprint) => {
                self.claims.insert(key.clone(), fingerprint.clone());
            }
            Change::Mark => {}
        }
    }

    /// A new number for a row of the bookings. Numbers are not given back by a rollback; a crash takes
    /// those back that were not on disk.
    pub(crate) fn next_row(&mut self) -> i64 {
        self.last_row += 1;
        self.last_row
    }

    /// A new number for a row of the outbox.
    pub(crate) fn next_outbox(&mut self) -> OutboxId {
        self.last_outbox += 1;
        OutboxId(self.last_outbox)
    }

    pub(crate) fn row(&self, id: BookingId) -> Option<&Row> {
        self.rows.get(&id.get())
    }

    pub(crate) fn under(&self, reservation: ReservationId) -> Option<&Row> {
        self.rows.get(self.by_reservation.get(&reservation)?)
    }

    pub(crate) fn has_key(&self, key: &Key) -> bool {
        self.by_key.contains_key(key)
    }

    /// Whether something was cancelled under the key.
    pub(crate) fn has_claim(&self, key: &Key) -> bool {
        self.claims.contains_key(key)
    }

    /// What was done under the key.
    pub(crate) fn keyed(&self, key: &Key) -> Option<KeyedRequest> {
        let Some(row) = self.by_key.get(key) else {
            return self.claims.get(key).map(|fingerprint| KeyedRequest {
                fingerprint: fingerprint.clone(),
                booking: None,
            });
        };
        let row = self.rows.get(row)?;
        let (_, fingerprint) = row.key.as_ref()?;
        Some(KeyedRequest {
            fingerprint: fingerprint.clone(),
            booking: Some(row.booking.clone()?),
        })
    }

    /// What stands under a reservation id, as the domain asks for it.
    pub(crate) fn reservation(&self, id: ReservationId) -> ReservationRow {
        match self.under(id).map(|row| row.booking.clone()) {
            None => ReservationRow::Absent,
            Some(None) => ReservationRow::Void,
            Some(Some(booking)) => ReservationRow::Booked(booking),
        }
    }

    pub(crate) fn returned(&self, event: EventId) -> u64 {
        self.returned.get(&event).copied().unwrap_or_default()
    }

    /// Every booking with its key, by number.
    pub(crate) fn bookings(&self) -> impl Iterator<Item = (&Booking, Option<&Key>)> {
        self.rows.values().filter_map(|row| {
            let key = row.key.as_ref().map(|(key, _)| key);
            Some((row.booking.as_ref()?, key))
        })
    }

    pub(crate) fn bookings_of(&self, event: EventId) -> impl Iterator<Item = &Booking> {
        let bookings = self.bookings().map(|(booking, _)| booking);
        bookings.filter(move |booking| booking.event_id == event)
    }

    /// Whether the event has a booking, also a cancelled one.
    pub(crate) fn has_booking_of(&self, event: EventId) -> bool {
        self.bookings_of(event).next().is_some()
    }

    /// Whether the event has a booking, also a cancelled one, or a row in the outbox.
    pub(crate) fn has_trace_of(&self, event: EventId) -> bool {
        self.has_booking_of(event) || self.outbox.values().any(|row| row.event == event)
    }
}

/// Whether a booking counts.
pub(crate) fn is_confirmed(booking: &Booking) -> bool {
    booking.status == BookingStatus::Confirmed
}
