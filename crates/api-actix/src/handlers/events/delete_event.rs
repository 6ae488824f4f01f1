//! `DELETE /api/events/{id}/delete-event`.

use actix_web::HttpResponse;

use crate::extract::{Admin, Call};
use crate::handlers::Answer;
use crate::openapi::parameters::{EventInPath, IfMatchHeader};
use crate::problem::Problem;

/// Deletes an event that nobody ever booked, if nobody else edited it since.
#[utoipa::path(
    delete, path = "/api/events/{id}/delete-event", operation_id = "deleteEvent",
    summary = "Delete an event",
    description = "Only an event that nobody ever booked: one with any booking, also a cancelled one, stays.",
    params(EventInPath, IfMatchHeader),
    responses((status = 204, description = "The event is gone.")),
)]
pub(crate) async fn delete_event(Admin(by): Admin, call: Call) -> Answer {
    let id = call.event_id()?;
    let expected = call.expected_revision();
    let expected = expected.map_err(|error| Problem::validation(vec![error]))?;
    let (events, origin) = (&call.services()?.events, call.origin()?);
    events.delete(id, expected, by, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
