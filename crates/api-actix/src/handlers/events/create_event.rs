//! `POST /api/events/create-event`.

use actix_web::http::StatusCode;
use actix_web::http::header::{ETAG, LOCATION};

use super::input::{NewEventBody, event_details};
use crate::dto::{EventDto, entity_tag};
use crate::extract::{Admin, Call};
use crate::handlers::{Answer, answer_once};
use crate::openapi::parameters::IdempotencyHeader;

/// Makes an event.
#[utoipa::path(
    post, path = "/api/events/create-event", operation_id = "createEvent",
    summary = "Make an event",
    params(IdempotencyHeader),
    request_body = NewEventBody,
    responses((
        status = 201, description = "The event was made.", body = EventDto<'_>,
        headers(
            ("Location" = String, description = "The path of the event."),
            ("ETag"),
        ),
        links(
            ("fetch" = (operation_id = "fetchEvent", parameters(("id" = "$response.body#/id")))),
            ("update" = (operation_id = "updateEvent", parameters(("id" = "$response.body#/id")))),
            ("delete" = (operation_id = "deleteEvent", parameters(("id" = "$response.body#/id")))),
        ),
    )),
)]
pub(crate) async fn create_event(Admin(by): Admin, mut call: Call) -> Answer {
    let json = call.json().await?;
    let (details, key) = event_details(&json, call.key_use(&json))?;
    let (events, origin) = (&call.services()?.events, call.origin()?);
    let created = events.create(details, by, key, &origin).await?;
    let event = created.value;
    let location = format!("/api/events/{}/fetchById", event.id);
    Ok(answer_once(StatusCode::CREATED, created.replayed)
        .insert_header((LOCATION, location))
        .insert_header((ETAG, entity_tag(event.version)))
        .json(EventDto::from(&event)))
}
