//! `DELETE /api/users/{id}/delete-user`.

use actix_web::http::StatusCode;

use crate::extract::{Admin, Call};
use crate::handlers::{Answer, answer_once};
use crate::openapi::parameters::{IdempotencyHeader, UserInPath};

/// Deletes a user; the bookings stay for the books.
#[utoipa::path(
    delete, path = "/api/users/{id}/delete-user", operation_id = "deleteUser",
    summary = "Delete a user",
    description = "Personal data goes; the bookings stay for the books. The last admin stays.",
    params(UserInPath, IdempotencyHeader),
    responses((status = 204, description = "The user is gone.")),
)]
pub(crate) async fn delete_user(Admin(by): Admin, call: Call) -> Answer {
    let (id, origin) = (call.user_id()?, call.origin()?);
    let (users, key) = (&call.services()?.users, call.key_use("")?);
    let deleted = users.delete(id, by, key, &origin).await?;
    Ok(answer_once(StatusCode::NO_CONTENT, deleted.replayed).finish())
}
