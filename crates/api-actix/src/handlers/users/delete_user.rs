//! `DELETE /api/users/{id}/delete-user`.

use actix_web::HttpResponse;

use crate::extract::{Admin, Call};
use crate::handlers::Answer;
use crate::openapi::parameters::UserInPath;

/// Deletes a user; the bookings stay for the books.
#[utoipa::path(
    delete, path = "/api/users/{id}/delete-user", operation_id = "deleteUser",
    summary = "Delete a user",
    description = "Personal data goes; the bookings stay for the books. The last admin stays.",
    params(UserInPath),
    responses((status = 204, description = "The user is gone.")),
)]
pub(crate) async fn delete_user(Admin(by): Admin, call: Call) -> Answer {
    let (id, origin) = (call.user_id()?, call.origin()?);
    call.services()?.users.delete(id, by, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
