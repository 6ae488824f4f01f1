//! `DELETE /api/events/{id}/delete-event`.

use actix_web::HttpResponse;

use crate::extract::{Admin, Call};
use crate::handlers::Answer;

/// Deletes an event that nobody ever booked.
pub(crate) async fn delete_event(Admin(by): Admin, call: Call) -> Answer {
    let (id, origin) = (call.event_id()?, call.origin()?);
    call.services()?.events.delete(id, by, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
