//! `GET /api/events/{id}/fetchById`.

use actix_web::HttpResponse;

use crate::dto::EventDto;
use crate::extract::{Call, SignedIn};
use crate::handlers::Answer;
use crate::refusals::event_not_found;

/// One event.
pub(crate) async fn fetch_by_id(_: SignedIn, call: Call) -> Answer {
    let found = call.services()?.events.fetch(call.event_id()?).await?;
    let event = found.ok_or_else(event_not_found)?;
    Ok(HttpResponse::Ok().json(EventDto::from(&event)))
}
