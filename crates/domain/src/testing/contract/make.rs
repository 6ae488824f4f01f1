//! What the cases are made of. Ids are new within the process; everything else is the plainest that
//! will do, for a case to change what it is about.

use futures_util::future::join_all;
use serde_json::json;

use super::{Documents, Relational};
use crate::audit::{Action, AuditRecord};
use crate::booking::{
    Booking, BookingId, CancelOutcome, Cancellation, Cancelled, CommitOutcome, Fingerprint,
    IdempotencyKey, KeyUse, NewBooking, OutboxId, PendingWork, Quantity,
};
use crate::event::{
    Capacity, Description, Event, EventDetails, EventId, Location, Metadata, NewEvent, Title,
};
use crate::page::PageRequest;
use crate::request::{Identity, Origin, RequestId};
use crate::runtime::IdGenerator;
use crate::stock::{
    ClosingToken, HoldRef, KeyHash, Reservation, ReservationId, ReserveOutcome, StockBatch,
    StockReturn, TicketType,
};
use crate::testing::SequentialIds;
use crate::time::Timestamp;
use crate::user::{Email, NewUser, PasswordHash, PersonName, Role, User, UserId};

static IDS: SequentialIds = SequentialIds::new();

/// A moment with milliseconds that a store which rounds would lose.
pub(super) const AT: i64 = 1_735_689_599_987;
/// A user that no store has.
pub(super) const NOBODY: UserId = UserId::new(999_999_999);

pub(super) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(super) fn event_id() -> EventId {
    IDS.event_id()
}

pub(super) fn reservation_id() -> ReservationId {
    IDS.reservation_id()
}

pub(super) fn token() -> ClosingToken {
    IDS.closing_token()
}

pub(super) fn page(page: i64, limit: i64) -> PageRequest {
    PageRequest::new(page, limit).unwrap()
}

pub(super) fn quantity(tickets: i64) -> Quantity {
    Quantity::new(tickets).unwrap()
}

pub(super) fn vip() -> TicketType {
    TicketType::parse("vip").unwrap()
}

pub(super) fn record(action: Action) -> AuditRecord {
    let origin = Origin {
        request_id: RequestId::parse("request-1").unwrap(),
        address: Some("192.0.2.1".to_owned()),
    };
    AuditRecord::new(IDS.audit_id(), at(AT), action, &origin)
        .with("note", "\"quoted\" \\ 🎟 ü")
        .with("numbers", json!([i64::MAX, i64::MIN, 0.1, 1e300]))
}

pub(super) fn new_user(email: &str) -> NewUser {
    NewUser {
        name: PersonName::parse("Ada").unwrap(),
        email: Email::parse(email).unwrap(),
        password_hash: PasswordHash::new("$2b$04$hash".to_owned()),
        role: Role::User,
        created_at: at(AT),
    }
}

pub(super) fn new_admin(email: &str) -> NewUser {
    NewUser {
        role: Role::Admin,
        ..new_user(email)
    }
}

pub(super) fn key_use(key: &str) -> KeyUse {
    KeyUse {
        key: IdempotencyKey::parse(key).unwrap(),
        fingerprint: Fingerprint::of_booking(event_id(), &TicketType::general(), Quantity::ONE),
    }
}

pub(super) fn new_booking(user: UserId, event: EventId) -> NewBooking {
    NewBooking {
        reservation_id: reservation_id(),
        event_id: event,
        user_id: user,
        ticket_type: TicketType::general(),
        quantity: quantity(2),
        created_at: at(AT),
        key: None,
        audit: record(Action::Book),
    }
}

pub(super) fn keyed_booking(user: UserId, event: EventId, key: &str) -> NewBooking {
    NewBooking {
        key: Some(key_use(key)),
        ..new_booking(user, event)
    }
}

pub(super) fn hold_of(booking: &NewBooking) -> HoldRef {
    HoldRef {
        event_id: booking.event_id,
        reservation_id: booking.reservation_id,
    }
}

pub(super) fn cancellation(booking: BookingId, by: Identity) -> Cancellation {
    Cancellation {
        booking_id: booking,
        by,
        at: at(AT + 60_001),
        audit: record(Action::Cancel).on_booking(booking),
    }
}

pub(super) fn as_user(id: UserId) -> Identity {
    Identity {
        user_id: id,
        role: Role::User,
    }
}

pub(super) fn as_admin(id: UserId) -> Identity {
    Identity {
        user_id: id,
        role: Role::Admin,
    }
}

pub(super) fn expect_booked(outcome: &CommitOutcome) -> Booking {
    match outcome {
        CommitOutcome::Booked(booking) => booking.clone(),
        other => panic!("{other:?} instead of a booking"),
    }
}

pub(super) fn expect_cancelled(outcome: &CancelOutcome) -> Cancelled {
    match outcome {
        CancelOutcome::Cancelled(cancelled) => cancelled.clone(),
        other => panic!("{other:?} instead of a cancellation"),
    }
}

impl Relational {
    /// A user whose address is made of `name`.
    pub(super) async fn user(&self, name: &str) -> User {
        let user = new_user(&format!("{name}@example.org"));
        self.users.insert(&user).await.unwrap()
    }

    /// Stores bookings that nothing is wrong with.
    pub(super) async fn book(&self, group: &[NewBooking]) -> Vec<Booking> {
        let outcomes = self.bookings.commit(group).await.unwrap();
        assert_eq!(outcomes.len(), group.len());
        outcomes.iter().map(expect_booked).collect()
    }

    /// Stores one booking that nothing is wrong with.
    pub(super) async fn book_one(&self, booking: NewBooking) -> Booking {
        self.book(&[booking]).await.remove(0)
    }

    /// Cancels a booking that can be cancelled, as its owner.
    pub(super) async fn cancel_one(&self, booking: &Booking) -> Cancelled {
        let wish = cancellation(booking.id, as_user(booking.user_id));
        let outcomes = self.bookings.cancel(&[wish]).await.unwrap();
        assert_eq!(outcomes.len(), 1);
        expect_cancelled(&outcomes[0])
    }

    /// Sends each group in a call of its own, all at the same time.
    pub(super) async fn commit_at_once(&self, groups: &[Vec<NewBooking>]) -> Vec<CommitOutcome> {
        let calls = groups.iter().map(|group| self.bookings.commit(group));
        let answers = join_all(calls).await.into_iter();
        answers.flat_map(|answer| answer.unwrap()).collect()
    }

    /// All that is in the outbox.
    pub(super) async fn all_pending(&self) -> PendingWork {
        self.outbox.pending(1_000).await.unwrap()
    }

    /// Empties the outbox.
    pub(super) async fn empty_outbox(&self) {
        let rows = self.all_pending().await.rows;
        let ids: Vec<OutboxId> = rows.iter().map(|row| row.id).collect();
        self.outbox.forget(&ids).await.unwrap();
        assert_eq!(self.all_pending().await.rows, []);
    }
}

pub(super) const FAR: i64 = 32_503_680_000_000; // the year 3000

pub(super) fn details(tickets: i64) -> EventDetails {
    EventDetails {
        title: Title::parse("Rust Conference").unwrap(),
        description: Description::parse("Talks.\n\tAnd more talks.").unwrap(),
        date: at(FAR),
        location: Location::parse("Hall 1").unwrap(),
        capacity: Capacity::new(tickets).unwrap(),
        metadata: Metadata::default(),
    }
}

pub(super) fn event_with(details: EventDetails) -> NewEvent {
    NewEvent {
        id: event_id(),
        details,
        created_by: UserId::new(1),
        created_at: at(AT),
    }
}

pub(super) fn reservation(event: EventId, tickets: i64) -> Reservation {
    Reservation {
        id: reservation_id(),
        event_id: event,
        ticket_type: TicketType::general(),
        user_id: UserId::new(7),
        quantity: quantity(tickets),
        key_hash: None,
    }
}

pub(super) fn keyed_reservation(event: EventId, tickets: i64, key: &KeyHash) -> Reservation {
    Reservation {
        key_hash: Some(key.clone()),
        ..reservation(event, tickets)
    }
}

pub(super) fn key_hash(user: i64, key: &str) -> KeyHash {
    IdempotencyKey::parse(key)
        .unwrap()
        .hash_for(UserId::new(user))
}

pub(super) fn came_back(event: EventId, returned: u64) -> StockReturn {
    StockReturn {
        event_id: event,
        ticket_type: TicketType::general(),
        returned,
    }
}

pub(super) fn batch(reserve: Vec<Reservation>) -> StockBatch {
    StockBatch {
        settle: Vec::new(),
        reserve,
    }
}

impl Documents {
    /// An event of so many tickets, far in the future.
    pub(super) async fn event(&self, tickets: i64) -> EventId {
        let event = event_with(details(tickets));
        self.events.insert(&event).await.unwrap().id
    }

    /// The event as it is now.
    pub(super) async fn stored(&self, event: EventId) -> Event {
        let found = self.events.find(event).await.unwrap();
        found.expect("the event is there")
    }

    /// The tickets that can be booked now.
    pub(super) async fn available(&self, event: EventId) -> u32 {
        self.stored(event).await.available_tickets
    }

    /// Sends reservations in one batch.
    pub(super) async fn reserve(&self, wishes: Vec<Reservation>) -> Vec<ReserveOutcome> {
        let count = wishes.len();
        let outcomes = self.stock.reserve(&batch(wishes)).await.unwrap();
        assert_eq!(outcomes.len(), count);
        outcomes
    }

    /// Reserves tickets that are there.
    pub(super) async fn hold(&self, event: EventId, tickets: i64) -> HoldRef {
        let wish = reservation(event, tickets);
        let hold = wish.hold_ref();
        assert_eq!(self.reserve(vec![wish]).await, [ReserveOutcome::Granted]);
        hold
    }

    /// All holds of all events, as their references, in order.
    pub(super) async fn holds(&self) -> Vec<HoldRef> {
        let holds = self.stock.stale_holds(std::time::Duration::ZERO, 10_000);
        let mut refs: Vec<HoldRef> = holds.await.unwrap().iter().map(|hold| hold.at).collect();
        refs.sort();
        refs
    }
}
