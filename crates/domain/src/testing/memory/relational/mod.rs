//! Users, sessions, bookings and the outbox: one set of tables behind one lock.

mod bookings;
mod checkpoint;
mod logins;
mod outbox;
mod sessions;
mod survey;
mod users;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::audit::AuditRecord;
use crate::booking::{Booking, BookingId, OutboxId};
use crate::checkpoint::Checkpoint;
use crate::error::StoreError;
use crate::event::EventId;
use crate::health::Probe;
use crate::idempotency::{Fingerprint, IdempotencyKey, KeyClaim, UserKey};
use crate::session::{RefreshTokenHash, SessionId};
use crate::stock::{ReservationId, TicketType};
use crate::throttle::{Bucket, BucketKey};
use crate::time::Timestamp;
use crate::user::{Account, UserId};

/// [`UserRepository`](crate::user::UserRepository),
/// [`SessionRepository`](crate::session::SessionRepository),
/// [`LoginAttempts`](crate::throttle::LoginAttempts),
/// [`BookingRepository`](crate::booking::BookingRepository) and
/// [`OutboxRepository`](crate::booking::OutboxRepository) in memory.
#[derive(Debug, Default)]
pub struct MemoryRelational(Mutex<Tables>);

/// A row of the bookings as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredBooking {
    /// The reservation.
    pub reservation_id: ReservationId,
    /// The booking; `None` is a void row.
    pub booking: Option<Booking>,
    /// The key that the booking still occupies.
    pub key: Option<IdempotencyKey>,
}

#[derive(Debug, Default)]
struct Tables {
    away: bool,
    users: BTreeMap<UserId, Account>,
    last_user: i64,
    sessions: BTreeMap<SessionId, sessions::Session>,
    refresh_tokens: BTreeMap<RefreshTokenHash, sessions::RefreshRow>,
    attempts: HashMap<BucketKey, Bucket>,
    places: HashMap<BucketKey, Timestamp>,
    /// Bookings by id; a void row has an id too, as in a table.
    bookings: BTreeMap<BookingId, StoredBooking>,
    last_booking: i64,
    by_reservation: HashMap<ReservationId, BookingId>,
    keys: HashMap<(UserId, IdempotencyKey), (BookingId, Fingerprint)>,
    /// The keys of everything else that was done.
    claims: HashMap<UserKey, KeyClaim>,
    /// Ever returned tickets.
    returned: BTreeMap<(EventId, TicketType), u64>,
    outbox: BTreeMap<OutboxId, OutboxEntry>,
    last_outbox: i64,
    checkpoint: Option<Checkpoint>,
}

#[derive(Debug)]
struct OutboxEntry {
    event_id: EventId,
    ticket_type: TicketType,
    record: AuditRecord,
}

impl MemoryRelational {
    /// The name that the store reports its health under.
    pub const NAME: &'static str = "relational";

    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Switches the store off, or on again. While it is off every call fails and changes nothing.
    pub fn set_away(&self, away: bool) {
        self.tables().away = away;
    }

    /// Deletes a user, as an operator would.
    pub fn delete_user(&self, id: UserId) {
        self.tables().users.remove(&id);
    }

    /// Every row of the bookings, void ones too, by id.
    pub fn rows(&self) -> Vec<StoredBooking> {
        self.tables().bookings.values().cloned().collect()
    }

    /// Every booking, by id.
    pub fn bookings(&self) -> Vec<Booking> {
        let rows = self.rows();
        rows.into_iter().filter_map(|row| row.booking).collect()
    }

    /// The number of users.
    pub fn user_count(&self) -> usize {
        self.tables().users.len()
    }

    /// The number of outbox rows.
    pub fn outbox_len(&self) -> usize {
        self.tables().outbox.len()
    }

    /// How many tickets of that type ever came back to the event.
    pub fn returned(&self, event: EventId, ticket_type: &TicketType) -> u64 {
        let tables = self.tables();
        let counter = tables.returned.get(&(event, ticket_type.clone()));
        counter.copied().unwrap_or_default()
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tables, unless the store is away.
    fn open(&self) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let tables = self.tables();
        if tables.away {
            return Err(super::away(Self::NAME));
        }
        Ok(tables)
    }
}

impl Tables {
    /// Whether the key is the claim's for the taking.
    fn is_free(&self, claim: Option<&KeyClaim>) -> bool {
        claim.is_none_or(|claim| !self.claims.contains_key(&claim.user_key()))
    }

    fn remember(&mut self, claim: Option<&KeyClaim>) {
        if let Some(claim) = claim {
            self.claims.insert(claim.user_key(), claim.clone());
        }
    }

    fn push_outbox(&mut self, event_id: EventId, ticket_type: TicketType, record: AuditRecord) {
        self.last_outbox += 1;
        let entry = OutboxEntry {
            event_id,
            ticket_type,
            record,
        };
        self.outbox.insert(OutboxId(self.last_outbox), entry);
    }
}

#[async_trait]
impl Probe for MemoryRelational {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.open().map(drop)
    }
}
