//! Changing an event in one step.

use domain::event::{Edited, EventChange, EventEdit, EventId, ExpectedRevision, Revision};
use domain::stock::TicketType;
use domain::time::Timestamp;
use mongodb::ClientSession;
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReturnDocument;

use crate::connection::{MongoDatabase, SERVER_LIMIT};
use crate::error::MongoError;
use crate::event_document::{
    REVISION, count, date, event, event_fields, expected_revision, object_id, revision,
};
use crate::json;

/// Makes the edit, in the transaction of `session` if there is one; the event as it was right before.
pub(crate) async fn find_and_change(
    database: &MongoDatabase,
    id: EventId,
    edit: &EventEdit,
    session: Option<&mut ClientSession>,
) -> Result<Option<Document>, MongoError> {
    let filter = filter(id, &edit.change, &edit.expected);
    let pipeline = pipeline(&edit.change, edit.at);
    let events = database.events();
    let mut update = events
        .find_one_and_update(filter, pipeline)
        .return_document(ReturnDocument::Before)
        .projection(fields_before())
        .max_time(SERVER_LIMIT);
    if let Some(session) = session {
        update = update.session(session);
    }
    Ok(update.await?)
}

/// The event, if its revision is expected and the change's capacity not below what is sold or held.
fn filter(event: EventId, change: &EventChange, expected: &ExpectedRevision) -> Document {
    let mut filter = doc! { "_id": object_id(event) };
    filter.extend(expected_revision(expected));
    if let Some(capacity) = change.capacity {
        let left = added(general("available"), capacity.get());
        filter.insert("$expr", doc! { "$gte": [left, 0_i64] });
    }
    filter
}

/// The pipeline that makes the change. Everything a client wrote is a literal: a title `$date` is a
/// title, and not the date.
fn pipeline(change: &EventChange, at: Timestamp) -> Vec<Document> {
    let revision = doc! { "$ifNull": [format!("${REVISION}"), revision(Revision::FIRST)] };
    let mut set = doc! {
        "updatedAt": date(at),
        REVISION: { "$add": [revision, 1_i64] },
    };
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

/// The projection of the event as it was before the edit, from which [`edited`] tells what it is after.
fn fields_before() -> Document {
    let mut fields = event_fields();
    fields.insert(GENERAL_TOTAL, 1);
    fields
}

/// The event before and after the edit. What the pipeline makes of a document follows from the document,
/// so the server need not send it twice.
pub(crate) fn edited(
    before: Document,
    change: &EventChange,
    at: Timestamp,
) -> Result<Edited, MongoError> {
    let general_total = change
        .capacity
        .map(|_| general_total(&before))
        .transpose()?;
    let before = event(before)?;
    let mut after = change.made_to(&before, at);
    if let (Some(capacity), Some(general_total)) = (change.capacity, general_total) {
        let moved = |tickets: u32| {
            (tickets + capacity.get())
                .checked_sub(general_total)
                .ok_or(MongoError::Malformed("an event's stock does not add up"))
        };
        after.total_tickets = moved(before.total_tickets)?;
        after.available_tickets = moved(before.available_tickets)?;
        after.version.stock += 1;
    }
    Ok(Edited { before, after })
}

/// A plain field and not a computed one: a server that answers a repetition sends the whole document, as it
/// was, whatever the projection.
const GENERAL_TOTAL: &str = "stock.general.total";

fn general_total(document: &Document) -> Result<u32, MongoError> {
    let stock = document.get_document("stock");
    let general = stock.and_then(|stock| stock.get_document(TicketType::GENERAL));
    let general = general.map_err(|_| MongoError::Malformed("an event has no stock"))?;
    count(general, "total")
}

fn general(field: &str) -> String {
    format!("$stock.{}.{field}", TicketType::GENERAL)
}
