//! The document of an event:
//!
//! ```text
//! {
//!   _id: ObjectId, title, description, date: Date, location,
//!   totalTickets, availableTickets,               the sums over `stock`
//!   stock: {general: {total, available, returned}},  one entry per ticket type
//!   holds: [{reservationIds: [], ticketType, quantity, keyHash?, at: Date}],
//!                                                 lots: holds of one step that are alike share one, and the
//!                                                 quantity is that of each; the version before leaves
//!                                                 `reservationId` instead
//!   held?: true,                                  only while `holds` has entries
//!   closing?: {token, at: Date},                  only while somebody deletes the event
//!   sv,                                           counts the steps that moved stock
//!   revision?,                                    counts the edits; 1 where it is missing
//!   metadata: {}, createdBy, createdAt: Date, updatedAt: Date
//! }
//! ```
//!
//! Numbers are written as 64-bit integers, and read also as doubles, which a shell may have written.

use domain::event::{
    Description, Event, EventId, EventSummary, EventVersion, ExpectedRevision, Location, Metadata,
    NewEvent, Revision, Title,
};
use domain::stock::TicketType;
use domain::time::Timestamp;
use domain::user::UserId;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, doc};

use crate::error::MongoError;
use crate::json;

type Read<T> = Result<T, MongoError>;

/// The field of the revision.
pub(crate) const REVISION: &str = "revision";

/// The document of a new event.
pub(crate) fn new_document(new: &NewEvent) -> Document {
    let details = &new.details;
    let tickets = i64::from(details.capacity.get());
    let general = doc! { "total": tickets, "available": tickets, "returned": 0_i64 };
    doc! {
        "_id": object_id(new.id),
        "title": details.title.as_str(),
        "description": details.description.as_str(),
        "date": date(details.date),
        "location": details.location.as_str(),
        "totalTickets": tickets,
        "availableTickets": tickets,
        "stock": { TicketType::GENERAL: general },
        "holds": [],
        "sv": 0_i64,
        "revision": revision(Revision::FIRST),
        "metadata": json::to_document(details.metadata.as_map()),
        "createdBy": new.created_by.get(),
        "createdAt": date(new.created_at),
        "updatedAt": date(new.created_at),
    }
}

/// The projection that [`event`] reads: thousands of holds stay where they are.
pub(crate) fn event_fields() -> Document {
    doc! {
        "title": 1, "description": 1, "date": 1, "location": 1, "totalTickets": 1,
        "availableTickets": 1, "metadata": 1, "createdBy": 1, "createdAt": 1, "updatedAt": 1,
        "sv": 1, "revision": 1,
    }
}

/// An event from a document with at least [`event_fields`].
pub(crate) fn event(mut document: Document) -> Read<Event> {
    let metadata = match document.remove("metadata") {
        Some(Bson::Document(metadata)) => json::from_document(metadata),
        _ => return Err(MongoError::Malformed("an event has no metadata")),
    };
    Ok(Event {
        id: id(&document)?,
        title: Title::from_stored(text(&document, "title")?),
        description: Description::from_stored(text(&document, "description")?),
        date: time(&document, "date")?,
        location: Location::from_stored(text(&document, "location")?),
        total_tickets: count(&document, "totalTickets")?,
        available_tickets: count(&document, "availableTickets")?,
        metadata: Metadata::from_stored(metadata),
        created_by: UserId::new(integer(&document, "createdBy")?),
        created_at: time(&document, "createdAt")?,
        updated_at: time(&document, "updatedAt")?,
        version: version(&document)?,
    })
}

/// The event's version.
pub(crate) fn version(document: &Document) -> Read<EventVersion> {
    let number = |name| {
        u64::try_from(integer(document, name)?)
            .map_err(|_| MongoError::Malformed("a counter in an event is out of range"))
    };
    let revision = match document.contains_key(REVISION) {
        true => Revision::new(number(REVISION)?)
            .ok_or(MongoError::Malformed("an event's revision is out of range"))?,
        false => Revision::FIRST,
    };
    Ok(EventVersion {
        revision,
        stock: number("sv")?,
    })
}

/// A revision as it is stored.
pub(crate) fn revision(revision: Revision) -> i64 {
    i64::try_from(revision.get()).unwrap_or(i64::MAX)
}

/// What a filter asks for to find an expected revision; nothing if any will do.
pub(crate) fn expected_revision(expected: &ExpectedRevision) -> Document {
    let ExpectedRevision::OneOf(revisions) = expected else {
        return Document::new();
    };
    let mut wanted: Vec<Bson> = revisions.iter().map(|r| revision(*r).into()).collect();
    if revisions.contains(&Revision::FIRST) {
        // Also matches where the field is missing.
        wanted.push(Bson::Null);
    }
    doc! { REVISION: { "$in": wanted } }
}

/// The projection that [`summary`] reads.
pub(crate) fn summary_fields() -> Document {
    doc! { "title": 1, "date": 1, "location": 1 }
}

/// A summary from a document with at least [`summary_fields`].
pub(crate) fn summary(document: &Document) -> Read<EventSummary> {
    Ok(EventSummary {
        id: id(document)?,
        title: Title::from_stored(text(document, "title")?),
        date: time(document, "date")?,
        location: Location::from_stored(text(document, "location")?),
    })
}

/// An event's id as it is stored.
pub(crate) fn object_id(id: EventId) -> ObjectId {
    ObjectId::from_bytes(id.bytes())
}

/// A moment as it is stored.
pub(crate) fn date(at: Timestamp) -> DateTime {
    DateTime::from_millis(at.millis())
}

/// The id of the event whose document it is.
pub(crate) fn id(document: &Document) -> Read<EventId> {
    let id = document.get_object_id("_id");
    let id = id.map_err(|_| MongoError::Malformed("an event's id is no ObjectId"))?;
    Ok(EventId::from_bytes(id.bytes()))
}

/// A field that is text.
pub(crate) fn text(document: &Document, name: &str) -> Read<String> {
    let text = document.get_str(name);
    text.map(str::to_owned)
        .map_err(|_| MongoError::Malformed("text is missing in an event"))
}

/// A field that counts something.
pub(crate) fn count(document: &Document, name: &str) -> Read<u32> {
    u32::try_from(integer(document, name)?)
        .map_err(|_| MongoError::Malformed("a count in an event is out of range"))
}

/// A field that is a whole number, of whatever type.
pub(crate) fn integer(document: &Document, name: &str) -> Read<i64> {
    let number = match document.get(name) {
        Some(Bson::Int64(number)) => Some(*number),
        Some(Bson::Int32(number)) => Some(i64::from(*number)),
        Some(Bson::Double(number)) => whole(*number),
        _ => None,
    };
    number.ok_or(MongoError::Malformed(
        "a whole number is missing in an event",
    ))
}

/// The integer that a double stands for; beyond 2^53 doubles have gaps and stand for none.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = number.fract() == 0.0 && number.abs() <= EXACT;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is whole and within 2^53"
    )]
    is_whole.then_some(number as i64)
}

fn time(document: &Document, name: &str) -> Read<Timestamp> {
    let time = document.get_datetime(name);
    let time = time.map_err(|_| MongoError::Malformed("a date is missing in an event"))?;
    Ok(Timestamp::from_millis(time.timestamp_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_from_every_numeric_type() {
        let document =
            doc! { "i": 5_i32, "l": 5_i64, "d": 5.0, "half": 5.5, "t": "5", "nan": f64::NAN };
        for name in ["i", "l", "d"] {
            assert_eq!(count(&document, name).unwrap(), 5);
        }
        for name in ["half", "t", "nan", "absent"] {
            assert!(integer(&document, name).is_err(), "{name}");
        }
    }

    #[test]
    fn negative_counts_are_refused() {
        assert!(count(&doc! { "n": -1_i64 }, "n").is_err());
    }
}
