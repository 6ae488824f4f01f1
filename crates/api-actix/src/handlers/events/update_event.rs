//! `PUT /api/events/{id}/update-event`.

use actix_web::HttpResponse;

use super::input::event_change;
use crate::dto::EventDto;
use crate::extract::{Admin, Call};
use crate::handlers::Answer;

/// Changes what the body names and leaves the rest.
pub(crate) async fn update_event(Admin(by): Admin, mut call: Call) -> Answer {
    let id = call.event_id()?;
    let change = event_change(&call.json().await?)?;
    let (events, origin) = (&call.services()?.events, call.origin()?);
    let event = events.update(id, change, by, &origin).await?;
    Ok(HttpResponse::Ok().json(EventDto::from(&event)))
}
