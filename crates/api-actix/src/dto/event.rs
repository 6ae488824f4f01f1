//! Events in answers.

use domain::event::{Event, EventVersion};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::openapi::fields;

/// An event.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
pub(crate) struct EventDto<'a> {
    #[schema(schema_with = fields::event_id_answered)]
    id: String,
    #[schema(schema_with = fields::title_answered)]
    title: &'a str,
    #[schema(schema_with = fields::description_answered)]
    description: &'a str,
    #[schema(schema_with = fields::moment)]
    date: String,
    #[schema(schema_with = fields::location_answered)]
    location: &'a str,
    #[schema(schema_with = fields::total_tickets)]
    total_tickets: u32,
    #[schema(schema_with = fields::available_tickets)]
    available_tickets: u32,
    #[schema(schema_with = fields::metadata_answered)]
    metadata: &'a Map<String, Value>,
    #[schema(schema_with = fields::user_id)]
    created_by: i64,
    #[schema(schema_with = fields::moment)]
    created_at: String,
    #[schema(schema_with = fields::moment)]
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
