//! `DELETE /api/users/{id}/delete-user`.

use actix_web::HttpResponse;

use crate::extract::{Admin, Call};
use crate::handlers::Answer;

/// Deletes a user; the bookings stay for the books.
pub(crate) async fn delete_user(Admin(by): Admin, call: Call) -> Answer {
    let (id, origin) = (call.user_id()?, call.origin()?);
    call.services()?.users.delete(id, by, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
