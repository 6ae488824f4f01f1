//! Events as rows of `events`, with the sums of their rows in `event_stock`.

use domain::error::StoreError;
use domain::event::{
    Description, Event, EventId, EventSummary, EventVersion, Location, Metadata, Revision, Title,
};
use domain::time::Timestamp;
use domain::user::UserId;
use sea_orm::QueryResult;

use crate::sql::{column, parsed};

/// The columns that [`event`] reads. The sums are computed and not kept a second time: a sale then
/// leaves the row alone, which may carry tens of kilobytes of text.
macro_rules! event_columns {
    () => {
        "e.id, e.title, e.description, e.date, e.location, e.metadata, \
         e.created_by, e.created_at, e.updated_at, e.revision, \
         (SELECT SUM(s.sv) FROM event_stock AS s WHERE s.event_id = e.id) AS sv, \
         (SELECT SUM(s.total) FROM event_stock AS s WHERE s.event_id = e.id) AS total, \
         (SELECT SUM(s.available) FROM event_stock AS s WHERE s.event_id = e.id) AS available"
    };
}
pub(crate) use event_columns;

/// An event from a row of [`event_columns`].
pub(crate) fn event(row: &QueryResult) -> Result<Event, StoreError> {
    Ok(Event {
        id: event_id(row, "id")?,
        title: Title::from_stored(column(row, "title")?),
        description: Description::from_stored(column(row, "description")?),
        date: time(row, "date")?,
        location: Location::from_stored(column(row, "location")?),
        total_tickets: parsed(row, "total", tickets)?,
        available_tickets: parsed(row, "available", tickets)?,
        metadata: parsed(row, "metadata", metadata)?,
        created_by: UserId::new(column(row, "created_by")?),
        created_at: time(row, "created_at")?,
        updated_at: time(row, "updated_at")?,
        version: EventVersion {
            revision: revision(row)?,
            stock: parsed(row, "sv", |n: i64| u64::try_from(n).ok())?,
        },
    })
}

/// The column `revision`.
pub(crate) fn revision(row: &QueryResult) -> Result<Revision, StoreError> {
    parsed(row, "revision", |number: i64| {
        Revision::new(u64::try_from(number).ok()?)
    })
}

/// A summary from a row with `id`, `title`, `date` and `location`.
pub(crate) fn summary(row: &QueryResult) -> Result<EventSummary, StoreError> {
    Ok(EventSummary {
        id: event_id(row, "id")?,
        title: Title::from_stored(column(row, "title")?),
        date: time(row, "date")?,
        location: Location::from_stored(column(row, "location")?),
    })
}

/// An event's id from a column.
pub(crate) fn event_id(row: &QueryResult, name: &'static str) -> Result<EventId, StoreError> {
    parsed(row, name, |text: String| EventId::parse(&text))
}

/// Metadata as the column keeps it.
pub(crate) fn metadata_text(metadata: &Metadata) -> String {
    serde_json::Value::Object(metadata.as_map().clone()).to_string()
}

fn time(row: &QueryResult, name: &str) -> Result<Timestamp, StoreError> {
    column(row, name).map(Timestamp::from_millis)
}

fn tickets(count: i64) -> Option<u32> {
    u32::try_from(count).ok()
}

fn metadata(text: String) -> Option<Metadata> {
    serde_json::from_str(&text).ok().map(Metadata::from_stored)
}
