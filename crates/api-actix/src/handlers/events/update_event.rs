//! `PUT /api/events/{id}/update-event`.

use actix_web::HttpResponse;
use actix_web::http::header::ETAG;

use super::input::{EventChangeBody, event_change};
use crate::dto::{EventDto, entity_tag};
use crate::extract::{Admin, Call};
use crate::handlers::Answer;
use crate::openapi::parameters::{EventInPath, IfMatchHeader};

/// Changes what the body names and leaves the rest, if nobody else edited the event since.
#[utoipa::path(
    put, path = "/api/events/{id}/update-event", operation_id = "updateEvent",
    summary = "Change an event",
    description = "Changes the fields that the body names, and leaves the others. `metadata` is replaced as a whole.",
    params(EventInPath, IfMatchHeader),
    request_body = EventChangeBody,
    responses((status = 200, description = "The event as it is now.", body = EventDto<'_>, headers(("ETag")))),
)]
pub(crate) async fn update_event(Admin(by): Admin, mut call: Call) -> Answer {
    let id = call.event_id()?;
    let (change, expected) = event_change(&call.json().await?, call.expected_revision())?;
    let (events, origin) = (&call.services()?.events, call.origin()?);
    let event = events.update(id, change, expected, by, &origin).await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, entity_tag(event.version)))
        .json(EventDto::from(&event)))
}
