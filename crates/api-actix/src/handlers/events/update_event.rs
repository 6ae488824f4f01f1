//! `PUT /api/events/{id}/update-event`.

use actix_web::http::StatusCode;
use actix_web::http::header::ETAG;

use super::input::{EventChangeBody, event_change};
use crate::dto::{EventDto, entity_tag};
use crate::extract::{Admin, Call};
use crate::handlers::{Answer, answer_once};
use crate::openapi::parameters::{EventInPath, IdempotencyHeader, IfMatchHeader};

/// Changes what the body names and leaves the rest, if nobody else edited the event since.
#[utoipa::path(
    put, path = "/api/events/{id}/update-event", operation_id = "updateEvent",
    summary = "Change an event",
    description = "Changes the fields that the body names, and leaves the others. `metadata` is replaced as a whole.",
    params(EventInPath, IfMatchHeader, IdempotencyHeader),
    request_body = EventChangeBody,
    responses((status = 200, description = "The event as it is now.", body = EventDto<'_>, headers(("ETag")))),
)]
pub(crate) async fn update_event(Admin(by): Admin, mut call: Call) -> Answer {
    let id = call.event_id()?;
    let json = call.json().await?;
    let (expected, key) = (call.expected_revision(), call.key_use(&json));
    let (change, expected, key) = event_change(&json, expected, key)?;
    let (events, origin) = (&call.services()?.events, call.origin()?);
    let updated = events
        .update(id, change, expected, by, key, &origin)
        .await?;
    let event = updated.value;
    Ok(answer_once(StatusCode::OK, updated.replayed)
        .insert_header((ETAG, entity_tag(event.version)))
        .json(EventDto::from(&event)))
}
