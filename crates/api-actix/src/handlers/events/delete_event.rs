//! `DELETE /api/events/{id}/delete-event`.

use actix_web::http::StatusCode;

use crate::extract::{Admin, Call};
use crate::handlers::{Answer, answer_once};
use crate::openapi::parameters::{EventInPath, IdempotencyHeader, IfMatchHeader};
use crate::problem::{FieldError, Problem};

/// Deletes an event that nobody ever booked, if nobody else edited it since.
#[utoipa::path(
    delete, path = "/api/events/{id}/delete-event", operation_id = "deleteEvent",
    summary = "Delete an event",
    description = "Only an event that nobody ever booked: one with any booking, also a cancelled one, stays.",
    params(EventInPath, IfMatchHeader, IdempotencyHeader),
    responses((status = 204, description = "The event is gone.")),
)]
pub(crate) async fn delete_event(Admin(by): Admin, call: Call) -> Answer {
    let id = call.event_id()?;
    let (expected, key) = both(call.expected_revision(), call.key_use(""))?;
    let (events, origin) = (&call.services()?.events, call.origin()?);
    let deleted = events.delete(id, expected, by, key, &origin).await?;
    Ok(answer_once(StatusCode::NO_CONTENT, deleted.replayed).finish())
}

/// What two headers say, or what is wrong with either.
fn both<A, B>(one: Result<A, FieldError>, other: Result<B, FieldError>) -> Result<(A, B), Problem> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok((one, other)),
        (one, other) => Err(Problem::validation(
            one.err().into_iter().chain(other.err()).collect(),
        )),
    }
}
