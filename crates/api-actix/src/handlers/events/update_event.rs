//! `PUT /api/events/{id}/update-event`.

use actix_web::HttpResponse;
use actix_web::http::header::ETAG;

use super::input::event_change;
use crate::dto::{EventDto, entity_tag};
use crate::extract::{Admin, Call};
use crate::handlers::Answer;

/// Changes what the body names and leaves the rest, if nobody else edited the event since.
pub(crate) async fn update_event(Admin(by): Admin, mut call: Call) -> Answer {
    let id = call.event_id()?;
    let (change, expected) = event_change(&call.json().await?, call.expected_revision())?;
    let (events, origin) = (&call.services()?.events, call.origin()?);
    let event = events.update(id, change, expected, by, &origin).await?;
    Ok(HttpResponse::Ok()
        .insert_header((ETAG, entity_tag(event.version)))
        .json(EventDto::from(&event)))
}
