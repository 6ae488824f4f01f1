//! The event entity.

use std::fmt;

use serde_json::{Map, Value};

use super::{EventVersion, ExpectedRevision, Metadata};
use crate::digest::{hex_bytes, write_hex};
use crate::idempotency::KeyClaim;
use crate::text::{InvalidValue, Lines, text_type};
use crate::time::Timestamp;
use crate::user::UserId;

/// An event's id: an ObjectId on every backend, 24 hexadecimal characters as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId([u8; 12]);

impl EventId {
    /// From the ObjectId's bytes.
    pub fn from_bytes(bytes: [u8; 12]) -> Self {
        Self(bytes)
    }

    /// The ObjectId's bytes.
    pub fn bytes(self) -> [u8; 12] {
        self.0
    }

    /// Parses 24 hexadecimal characters, in either case.
    pub fn parse(text: &str) -> Option<Self> {
        hex_bytes(text).map(Self)
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_hex(&self.0, f)
    }
}

impl fmt::Debug for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EventId({self})")
    }
}

text_type! {
    /// An event's title, 1 to 200 characters on one line.
    Title, 1..=200, Lines::One
}

text_type! {
    /// An event's description, at most 10,000 characters; may be empty and have several lines.
    Description, 0..=10_000, Lines::Many
}

text_type! {
    /// Where an event takes place, 1 to 300 characters on one line.
    Location, 1..=300, Lines::One
}

/// How many tickets an event has in all, 1 to 1,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Capacity(u32);

impl Capacity {
    /// The greatest number of tickets of an event.
    pub const MAX: i64 = 1_000_000;

    /// Checks the number.
    pub fn new(tickets: i64) -> Result<Self, InvalidValue> {
        u32::try_from(tickets)
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
        self.0
    }
}

/// What an admin says of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDetails {
    /// The title.
    pub title: Title,
    /// The description.
    pub description: Description,
    /// When it begins; from then on nothing is booked.
    pub date: Timestamp,
    /// Where it takes place.
    pub location: Location,
    /// How many tickets there are.
    pub capacity: Capacity,
    /// Anything else.
    pub metadata: Metadata,
}

/// An event to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Its id.
    pub id: EventId,
    /// What was said of it.
    pub details: EventDetails,
    /// The admin who made it.
    pub created_by: UserId,
    /// When it is made.
    pub created_at: Timestamp,
    /// The key that it is asked for under.
    pub key: Option<KeyClaim>,
}

/// An event as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The id.
    pub id: EventId,
    /// The title.
    pub title: Title,
    /// The description.
    pub description: Description,
    /// When it begins.
    pub date: Timestamp,
    /// Where it takes place.
    pub location: Location,
    /// How many tickets there are, of all types.
    pub total_tickets: u32,
    /// How many of them can be booked now; 0 to `total_tickets`.
    pub available_tickets: u32,
    /// Anything else.
    pub metadata: Metadata,
    /// The admin who made it.
    pub created_by: UserId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When an admin last changed it; sales do not count.
    pub updated_at: Timestamp,
    /// Which state of it this is.
    pub version: EventVersion,
}

impl Event {
    /// The fields that an admin says something of, as clients know them.
    pub const FIELDS: [&str; 6] = [
        "title",
        "description",
        "date",
        "location",
        "totalTickets",
        "metadata",
    ];

    /// Those of [`Self::FIELDS`] that are named, as the audit log keeps them.
    pub fn named(&self, fields: &[&str]) -> Map<String, Value> {
        let value = |field: &str| match field {
            "title" => Some(Value::from(self.title.as_str())),
            "description" => Some(self.description.as_str().into()),
            "date" => Some(self.date.to_string().into()),
            "location" => Some(self.location.as_str().into()),
            "totalTickets" => Some(self.total_tickets.into()),
            "metadata" => Some(self.metadata.as_map().clone().into()),
            _ => None,
        };
        let named = fields.iter();
        named
            .filter_map(|field| Some(((*field).to_owned(), value(field)?)))
            .collect()
    }
}

/// An edit of an event.
#[derive(Debug, Clone, PartialEq)]
pub struct EventEdit {
    /// What it changes.
    pub change: EventChange,
    /// Which revisions it is meant for.
    pub expected: ExpectedRevision,
    /// When.
    pub at: Timestamp,
    /// The key that it is asked for under.
    pub key: Option<KeyClaim>,
}

/// An event right before and right after an edit: nothing came between.
#[derive(Debug, Clone, PartialEq)]
pub struct Edited {
    /// As it was.
    pub before: Event,
    /// As it is.
    pub after: Event,
}

/// What a booking shows of its event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventSummary {
    /// The id.
    pub id: EventId,
    /// The title.
    pub title: Title,
    /// When it begins.
    pub date: Timestamp,
    /// Where it takes place.
    pub location: Location,
}

/// A change of an event: what is `None` stays as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EventChange {
    /// A new title.
    pub title: Option<Title>,
    /// A new description.
    pub description: Option<Description>,
    /// A new beginning.
    pub date: Option<Timestamp>,
    /// A new place.
    pub location: Option<Location>,
    /// A new number of tickets: the available ones move by the same difference.
    pub capacity: Option<Capacity>,
    /// Other metadata: replaces the whole object.
    pub metadata: Option<Metadata>,
}

impl EventChange {
    /// Whether it changes nothing.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What an edit at the moment `at` makes of `before`, but for the tickets: how many a new capacity
    /// leaves is for the store to say.
    pub fn made_to(&self, before: &Event, at: Timestamp) -> Event {
        let mut after = before.clone();
        replace(&mut after.title, &self.title);
        replace(&mut after.description, &self.description);
        replace(&mut after.date, &self.date);
        replace(&mut after.location, &self.location);
        replace(&mut after.metadata, &self.metadata);
        after.updated_at = at;
        after.version.revision = before.version.revision.next();
        after
    }

    /// The names of the fields that it changes, as clients know them.
    pub fn fields(&self) -> Vec<&'static str> {
        let fields = [
            ("title", self.title.is_some()),
            ("description", self.description.is_some()),
            ("date", self.date.is_some()),
            ("location", self.location.is_some()),
            ("totalTickets", self.capacity.is_some()),
            ("metadata", self.metadata.is_some()),
        ];
        fields
            .into_iter()
            .filter(|(_, changes)| *changes)
            .map(|(name, _)| name)
            .collect()
    }
}

fn replace<T: Clone>(field: &mut T, new: &Option<T>) {
    if let Some(new) = new {
        field.clone_from(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_24_hexadecimal_characters() {
        let id = EventId::parse("507F1f77bcf86cd799439011").unwrap();
        assert_eq!(id.to_string(), "507f1f77bcf86cd799439011");
        for bad in [
            "",
            "507f1f77bcf86cd79943901",
            "507f1f77bcf86cd7994390111",
            "507f1f77bcf86cd79943901g",
            "+07f1f77bcf86cd799439011",
            "507f1f77bcf86cd7994390é",
        ] {
            assert_eq!(EventId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn capacity_has_bounds() {
        for bad in [i64::MIN, -1, 0, 1_000_001, 4_294_967_297, i64::MAX] {
            assert!(Capacity::new(bad).is_err(), "{bad}");
        }
        assert_eq!(Capacity::new(1).unwrap().get(), 1);
        assert_eq!(Capacity::new(1_000_000).unwrap().get(), 1_000_000);
    }
}
