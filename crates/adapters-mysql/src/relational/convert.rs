//! Rows to entities and back.

use chrono::{DateTime, NaiveDateTime};
use domain::booking::{Booking, BookingId, BookingStatus, Quantity};
use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::TicketType;
use domain::time::Timestamp;
use domain::user::{Account, Email, PasswordHash, PersonName, Role, User, UserId};

use super::entity::{bookings, users};
use super::store::SqlStore;

/// The values of `bookings.status`.
pub(crate) const CONFIRMED: &str = "confirmed";
pub(crate) const CANCELLED: &str = "cancelled";
pub(crate) const VOID: &str = "void";

/// A moment as a column holds it: UTC without a zone.
pub(crate) fn to_column(at: Timestamp) -> NaiveDateTime {
    DateTime::from_timestamp_millis(at.millis())
        .unwrap_or_default()
        .naive_utc()
}

pub(crate) fn from_column(at: NaiveDateTime) -> Timestamp {
    Timestamp::from_millis(at.and_utc().timestamp_millis())
}

/// The user of a row.
pub(crate) fn account(store: &SqlStore, row: users::Model) -> Result<Account, StoreError> {
    let role = role(store, &row.role)?;
    let name = PersonName::parse(&row.name).map_err(|_| store.corrupt("a user has no name"))?;
    let user = User {
        id: UserId::new(row.id),
        name,
        email: Email::from_stored(row.email),
        role,
        created_at: from_column(row.created_at),
    };
    Ok(Account {
        user,
        password_hash: PasswordHash::new(row.password_hash),
    })
}

pub(crate) fn role(store: &SqlStore, text: &str) -> Result<Role, StoreError> {
    Role::parse(text).ok_or_else(|| store.corrupt("a user has an unknown role"))
}

/// The booking of a row; `None` is a void row, which is no booking.
pub(crate) fn booking(
    store: &SqlStore,
    row: &bookings::Model,
) -> Result<Option<Booking>, StoreError> {
    let Some(user_id) = row.user_id.filter(|_| row.status != VOID) else {
        return Ok(None);
    };
    let corrupt = || store.corrupt("a booking's row makes no sense");
    let status = match (row.status.as_str(), row.cancelled_at) {
        (CONFIRMED, _) => BookingStatus::Confirmed,
        (CANCELLED, Some(at)) => BookingStatus::Cancelled {
            at: from_column(at),
        },
        _ => return Err(corrupt()),
    };
    Ok(Some(Booking {
        id: BookingId::new(row.id),
        event_id: event_id(store, &row.event_id)?,
        user_id: UserId::new(user_id),
        ticket_type: ticket_type(store, &row.ticket_type)?,
        quantity: Quantity::new(row.quantity.into()).map_err(|_| corrupt())?,
        status,
        created_at: from_column(row.created_at),
    }))
}

pub(crate) fn event_id(store: &SqlStore, text: &str) -> Result<EventId, StoreError> {
    EventId::parse(text).ok_or_else(|| store.corrupt("a row names no event"))
}

pub(crate) fn ticket_type(store: &SqlStore, text: &str) -> Result<TicketType, StoreError> {
    TicketType::parse(text).map_err(|_| store.corrupt("a row names no ticket type"))
}

/// A counter, which is never negative.
pub(crate) fn counter(store: &SqlStore, value: i64) -> Result<u64, StoreError> {
    u64::try_from(value).map_err(|_| store.corrupt("a counter is negative"))
}
