//! Reservations and holds: tickets on their way from the stock into a booking.

use std::borrow::Cow;
use std::fmt;

use uuid::Uuid;

use crate::booking::Quantity;
use crate::event::{Event, EventId};
use crate::text::InvalidValue;
use crate::time::Timestamp;
use crate::user::UserId;

/// The id of one try to book (UUIDv7). It is sent to the stock once, names the hold there and is
/// unique among the bookings, which is how the two databases recognise the same try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReservationId(Uuid);

impl ReservationId {
    /// From a UUID.
    pub fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// Parses the hyphenated text form.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }

    /// When it was made: a UUIDv7 begins with the milliseconds since 1970 in 48 bits (RFC 9562).
    pub fn made_at(self) -> Timestamp {
        let millis = self.0.as_u64_pair().0 >> 16;
        Timestamp::from_millis(i64::try_from(millis).unwrap_or(i64::MAX))
    }
}

/// Hyphenated, lower case: 36 characters.
impl fmt::Display for ReservationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Names one try to delete an event; as text hyphenated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ClosingToken(Uuid);

impl ClosingToken {
    /// From a UUID.
    pub fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// Parses the hyphenated text form.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

impl fmt::Display for ClosingToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// The key of a ticket type within its event: 1 to 32 of `a-z`, `0-9` and `-`.
///
/// A simple event has the one type [`TicketType::GENERAL`]; stock, holds, bookings and returns are
/// kept per type throughout, so that several types need no other data model.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TicketType(Cow<'static, str>);

impl TicketType {
    /// The key of the single type of a simple event.
    pub const GENERAL: &'static str = "general";

    /// The single type of a simple event.
    pub fn general() -> Self {
        Self(Cow::Borrowed(Self::GENERAL))
    }

    /// Parses a key.
    pub fn parse(key: &str) -> Result<Self, InvalidValue> {
        let fits = (1..=32).contains(&key.len())
            && key
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        match key {
            // Of nearly all tickets: nothing needs to be allocated.
            Self::GENERAL => Ok(Self::general()),
            _ if fits => Ok(Self(Cow::Owned(key.to_owned()))),
            _ => Err(InvalidValue::NotAKey),
        }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// SHA-256 over user and idempotency key, in hexadecimal: how a hold names the key it was made for,
/// without keeping the key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyHash(String);

impl KeyHash {
    /// From 64 hexadecimal characters.
    pub fn new(hex: String) -> Self {
        Self(hex)
    }

    /// The 64 hexadecimal characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A wish for tickets, as the stock is asked for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// Made before the call, never used for another one.
    pub id: ReservationId,
    /// The event.
    pub event_id: EventId,
    /// The type of ticket.
    pub ticket_type: TicketType,
    /// Who books.
    pub user_id: UserId,
    /// How many tickets.
    pub quantity: Quantity,
    /// The key that the request came with.
    pub key_hash: Option<KeyHash>,
}

impl Reservation {
    /// The hold that this reservation becomes when granted.
    pub fn hold_ref(&self) -> HoldRef {
        HoldRef {
            event_id: self.event_id,
            reservation_id: self.id,
        }
    }
}

/// What the stock is asked for in one go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StockBatch {
    /// Holds to settle on the way; they leave before anything is granted.
    pub settle: Vec<HoldRef>,
    /// Reservations in order of arrival; within an event they are granted in this order.
    pub reserve: Vec<Reservation>,
}

/// Names a hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldRef {
    /// The event that the hold is in.
    pub event_id: EventId,
    /// The reservation that it was granted for.
    pub reservation_id: ReservationId,
}

/// Tickets that left the stock and are not yet known to be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Which hold.
    pub at: HoldRef,
    /// Of which type.
    pub ticket_type: TicketType,
    /// How many.
    pub quantity: Quantity,
}

/// What became of one reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReserveOutcome {
    /// The stock went down and the hold is there, on a majority.
    Granted,
    /// Nothing moved for this reservation, and nothing ever will under its id.
    Refused(Refusal),
}

/// Why a reservation was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such event, or it has no such type of ticket.
    EventNotFound,
    /// The event has begun, by the store's clock.
    EventEnded,
    /// Fewer tickets than wanted were available at a moment during the call.
    SoldOut,
    /// Somebody is deleting the event.
    Closing,
    /// The event has as many holds as fit.
    TooManyHolds,
    /// A hold of the same user and key is there: the first request is on its way.
    KeyInFlight,
    /// It was refused, and by the time of looking the reason was gone. A new reservation may do.
    Moved,
}

/// How many tickets of a type ever came back to an event, as counted with the bookings. It only
/// grows, which is what makes late, doubled and reordered returns harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockReturn {
    /// The event.
    pub event_id: EventId,
    /// The type of ticket.
    pub ticket_type: TicketType,
    /// The sum of all cancelled quantities.
    pub returned: u64,
}

/// What a closed event looks like to the one who closed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClosingState {
    /// There is no such event (any more).
    Gone,
    /// It is open, or closed by another try.
    NotMine,
    /// It was not closed, because its revision is none of the expected ones.
    Outdated,
    /// It is closed by this try, and has holds.
    Holds,
    /// It is closed by this try, and has no holds.
    Clear,
}

/// What became of a deletion.
#[derive(Debug, Clone, PartialEq)]
pub enum DeleteOutcome {
    /// It is gone; this is what it was.
    Deleted(Box<Event>),
    /// It is still there, because its revision is none of the expected ones.
    Outdated,
    /// It is still there: the user changed an event under that key before.
    KeyTaken,
    /// It was not closed by this try, or had holds.
    Refused,
}

/// A try to delete an event that nobody brought to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StaleClosing {
    /// The event.
    pub event_id: EventId,
    /// The try.
    pub token: ClosingToken,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reservation_knows_when_it_was_made() {
        let id = ReservationId::parse("017f22e2-79b0-7cc3-98c4-dc0c0c07398f").unwrap();
        assert_eq!(id.made_at().to_string(), "2022-02-22T19:22:22.000Z");
    }
}
