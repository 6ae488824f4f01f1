//! `POST /api/events/create-event`.

use actix_web::HttpResponse;
use actix_web::http::header::{ETAG, LOCATION};

use super::input::event_details;
use crate::dto::{EventDto, entity_tag};
use crate::extract::{Admin, Call};
use crate::handlers::Answer;

/// Makes an event.
pub(crate) async fn create_event(Admin(by): Admin, mut call: Call) -> Answer {
    let details = event_details(&call.json().await?)?;
    let (events, origin) = (&call.services()?.events, call.origin()?);
    let event = events.create(details, by, &origin).await?;
    let location = format!("/api/events/{}/fetchById", event.id);
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, location))
        .insert_header((ETAG, entity_tag(event.version)))
        .json(EventDto::from(&event)))
}
