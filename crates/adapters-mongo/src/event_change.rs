//! Changing an event in one step.

use domain::event::{EventChange, EventId};
use domain::stock::TicketType;
use domain::time::Timestamp;
use mongodb::bson::{Bson, Document, doc};

use crate::event_document::{date, object_id};
use crate::json;

/// The event, if the change's capacity is not below what is sold or held.
pub(crate) fn filter(event: EventId, change: &EventChange) -> Document {
    let mut filter = doc! { "_id": object_id(event) };
    if let Some(capacity) = change.capacity {
        let left = added(general("available"), capacity.get());
        filter.insert("$expr", doc! { "$gte": [left, 0_i64] });
    }
    filter
}

/// The pipeline that makes the change. Everything a client wrote is a literal: a title `$date` is a
/// title, and not the date.
pub(crate) fn pipeline(change: &EventChange, at: Timestamp) -> Vec<Document> {
    let mut set = doc! { "updatedAt": date(at) };
    let mut put = |name: &str, value: Option<Bson>| {
        if let Some(value) = value {
            set.insert(name, doc! { "$literal": value });
        }
    };
    put(
        "title",
        change.title.as_ref().map(|title| title.as_str().into()),
    );
    put(
        "description",
        change.description.as_ref().map(|text| text.as_str().into()),
    );
    put("date", change.date.map(|at| date(at).into()));
    put(
        "location",
        change
            .location
            .as_ref()
            .map(|location| location.as_str().into()),
    );
    put(
        "metadata",
        change
            .metadata
            .as_ref()
            .map(|data| json::to_document(data.as_map()).into()),
    );
    if let Some(capacity) = change.capacity {
        set.extend(capacity_change(capacity.get()));
    }
    vec![doc! { "$set": set }]
}

/// Moves total and available tickets by the same difference, from what they are in this very step.
fn capacity_change(capacity: u32) -> Document {
    let general_path = format!("$stock.{}", TicketType::GENERAL);
    let fields = doc! {
        "total": i64::from(capacity),
        "available": added(general("available"), capacity),
    };
    doc! {
        "stock": { "$mergeObjects": [
            "$stock",
            { TicketType::GENERAL: { "$mergeObjects": [general_path, fields] } },
        ] },
        "totalTickets": added("$totalTickets".to_owned(), capacity),
        "availableTickets": added("$availableTickets".to_owned(), capacity),
        "sv": { "$add": ["$sv", 1_i64] },
    }
}

/// `field` and the difference between the new capacity and the present one.
fn added(field: String, capacity: u32) -> Document {
    let more = doc! { "$subtract": [i64::from(capacity), general("total")] };
    doc! { "$add": [field, more] }
}

fn general(field: &str) -> String {
    format!("$stock.{}.{field}", TicketType::GENERAL)
}
