//! `GET /api/events/{id}/fetchById`.

use actix_web::HttpResponse;
use actix_web::http::header::ETAG;

use crate::dto::{EventDto, entity_tag};
use crate::extract::{Call, SignedIn};
use crate::handlers::Answer;
use crate::openapi::parameters::{EventInPath, IfNoneMatchHeader};
use crate::refusals::event_not_found;

/// One event, unless the client has it as it is.
#[utoipa::path(
    get, path = "/api/events/{id}/fetchById", operation_id = "fetchEvent",
    summary = "Show an event",
    params(EventInPath, IfNoneMatchHeader),
    responses(
        (status = 200, description = "The event.", body = EventDto<'_>, headers(("ETag"))),
        (status = 304, description = "The event is still as the client has it.", headers(("ETag"))),
    ),
)]
pub(crate) async fn fetch_by_id(_: SignedIn, call: Call) -> Answer {
    let found = call.services()?.events.fetch(call.event_id()?).await?;
    let event = found.ok_or_else(event_not_found)?;
    let tag = (ETAG, entity_tag(event.version));
    if call.knows(event.version) {
        return Ok(HttpResponse::NotModified().insert_header(tag).finish());
    }
    Ok(HttpResponse::Ok()
        .insert_header(tag)
        .json(EventDto::from(&event)))
}
