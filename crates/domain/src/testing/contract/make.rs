//! What the cases are made of. Ids are new within the process; everything else is the plainest that
//! will do, for a case to change what it is about.

use serde_json::json;

use crate::audit::{Action, AuditRecord};
use crate::booking::{
    Booking, BookingId, CancelOutcome, Cancellation, Cancelled, CommitOutcome, NewBooking, Quantity,
};
use crate::event::{
    Capacity, Description, EventChange, EventDetails, EventEdit, EventId, ExpectedRevision,
    Location, Metadata, NewEvent, Title,
};
use crate::idempotency::{Fingerprint, IdempotencyKey, KeyClaim, KeyUse};
use crate::page::PageRequest;
use crate::request::{Identity, Origin, RequestId};
use crate::runtime::IdGenerator;
use crate::session::{
    NewSession, PasswordChange, RefreshTokenHash, Rotation, SecretSource, SessionId,
};
use crate::stock::{
    ClosingToken, HoldRef, KeyHash, Reservation, ReservationId, StockBatch, StockReturn, TicketType,
};
use crate::testing::SequentialIds;
use crate::time::Timestamp;
use crate::user::{Email, NewUser, PasswordHash, PersonName, Role, UserId};

static IDS: SequentialIds = SequentialIds::new();

/// A moment with milliseconds that a store which rounds would lose.
pub(super) const AT: i64 = 1_735_689_599_987;
/// The beginning of the year 3000.
pub(super) const FAR: i64 = 32_503_680_000_000;
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

pub(super) fn session_id() -> SessionId {
    IDS.session_id()
}

pub(super) fn refresh_hash() -> RefreshTokenHash {
    IDS.refresh_token().hash()
}

/// A session of an hour for a user made with [`new_user`].
pub(super) fn new_session(user: UserId) -> NewSession {
    NewSession {
        id: session_id(),
        user_id: user,
        checked: PasswordHash::new("$2b$04$hash".to_owned()),
        refresh: refresh_hash(),
        at: at(AT),
        expires_at: at(AT + 3_600_000),
    }
}

/// The use of a refresh token a minute after [`AT`], for an hour more.
pub(super) fn rotation(used: &RefreshTokenHash) -> Rotation {
    Rotation {
        used: used.clone(),
        next: refresh_hash(),
        at: at(AT + 60_000),
        expires_at: at(AT + 3_660_000),
    }
}

/// A new password for a user made with [`new_user`].
pub(super) fn password_change(user: UserId, keep: SessionId) -> PasswordChange {
    PasswordChange {
        user_id: user,
        checked: PasswordHash::new("$2b$04$hash".to_owned()),
        new: PasswordHash::new(format!("$2b$04$new-{}", session_id())),
        keep,
        at: at(AT + 60_000),
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
        key: None,
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
        key: None,
    }
}

/// An edit a moment after [`AT`].
pub(super) fn edit(change: &EventChange, expected: ExpectedRevision) -> EventEdit {
    EventEdit {
        change: change.clone(),
        expected,
        at: at(AT + 1),
        key: None,
    }
}

/// A request that claims a key at [`AT`].
pub(super) fn claim(user_id: UserId, key: &str, body: &str) -> KeyClaim {
    KeyClaim {
        user_id,
        used: KeyUse {
            key: IdempotencyKey::parse(key).unwrap(),
            fingerprint: Fingerprint::of_request("PUT", "/api/somewhere", body),
        },
        at: at(AT),
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
