//! The booking entity.

use std::fmt;

use crate::event::EventId;
use crate::stock::TicketType;
use crate::text::InvalidValue;
use crate::time::Timestamp;
use crate::user::UserId;

/// A booking's id: positive, given by the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BookingId(i64);

impl BookingId {
    /// An id as the database gave it.
    pub fn new(id: i64) -> Self {
        Self(id)
    }

    /// Parses a positive decimal number without sign or leading zero.
    pub fn parse(text: &str) -> Option<Self> {
        let canonical = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        text.parse()
            .ok()
            .filter(|id| canonical && *id > 0)
            .map(Self)
    }

    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for BookingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many tickets one booking has, 1 to 10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(u8);

impl Quantity {
    /// One ticket: what is booked when nobody says otherwise.
    pub const ONE: Self = Self(1);
    /// The most tickets of one booking.
    pub const MAX: i64 = 10;

    /// Checks the number.
    pub fn new(tickets: i64) -> Result<Self, InvalidValue> {
        u8::try_from(tickets)
            .ok()
            .filter(|n| (1..=Self::MAX).contains(&i64::from(*n)))
            .map(Self)
            .ok_or(InvalidValue::OutOfRange {
                min: 1,
                max: Self::MAX,
            })
    }

    /// The number.
    pub fn get(self) -> u32 {
        u32::from(self.0)
    }
}

/// Whether a booking counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookingStatus {
    /// It counts.
    Confirmed,
    /// Its tickets went back.
    Cancelled {
        /// When.
        at: Timestamp,
    },
}

/// A booking as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    /// The id.
    pub id: BookingId,
    /// The event.
    pub event_id: EventId,
    /// Whose it is.
    pub user_id: UserId,
    /// The type of ticket.
    pub ticket_type: TicketType,
    /// How many tickets.
    pub quantity: Quantity,
    /// Whether it counts.
    pub status: BookingStatus,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Booking {
    /// The booking as it was when it was made: what a replay of its request answers.
    pub fn as_made(self) -> Self {
        Self {
            status: BookingStatus::Confirmed,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booking_ids_are_positive_numbers() {
        assert_eq!(BookingId::parse("2"), Some(BookingId::new(2)));
        for bad in [
            "",
            "0",
            "-1",
            "+1",
            "01",
            "1.0",
            "1e3",
            "x",
            " 1",
            "9223372036854775808",
        ] {
            assert_eq!(BookingId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn quantities_go_from_one_to_ten() {
        for bad in [i64::MIN, -1, 0, 11, 257, i64::MAX] {
            assert!(Quantity::new(bad).is_err(), "{bad}");
        }
        assert_eq!(Quantity::new(10).unwrap().get(), 10);
    }
}
