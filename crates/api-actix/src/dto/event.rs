//! Events in answers.

use domain::event::{Event, EventVersion};
use serde::Serialize;
use serde_json::{Map, Value};

/// An event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventDto<'a> {
    id: String,
    title: &'a str,
    description: &'a str,
    date: String,
    location: &'a str,
    total_tickets: u32,
    available_tickets: u32,
    metadata: &'a Map<String, Value>,
    created_by: i64,
    created_at: String,
    updated_at: String,
}

/// The `ETag` of an event, `"<revision>.<stock>"`.
pub(crate) fn entity_tag(version: EventVersion) -> String {
    format!("\"{version}\"")
}

impl<'a> From<&'a Event> for EventDto<'a> {
    fn from(event: &'a Event) -> Self {
        Self {
            id: event.id.to_string(),
            title: event.title.as_str(),
            description: event.description.as_str(),
            date: event.date.to_string(),
            location: event.location.as_str(),
            total_tickets: event.total_tickets,
            available_tickets: event.available_tickets,
            metadata: event.metadata.as_map(),
            created_by: event.created_by.get(),
            created_at: event.created_at.to_string(),
            updated_at: event.updated_at.to_string(),
        }
    }
}
