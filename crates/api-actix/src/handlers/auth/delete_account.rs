//! `DELETE /api/auth/delete-account`.

use actix_web::HttpResponse;
use domain::access::InvalidToken;
use domain::user::ManageUserError;

use crate::extract::{Call, SignedIn};
use crate::handlers::Answer;
use crate::problem::Problem;

/// Deletes the caller; the bookings stay for the books.
#[utoipa::path(
    delete, path = "/api/auth/delete-account", operation_id = "deleteAccount",
    summary = "Delete the caller's account",
    description = "Personal data goes; the bookings stay for the books. The last admin stays.",
    responses((status = 204, description = "The account is gone.")),
)]
pub(crate) async fn delete_account(SignedIn(by): SignedIn, call: Call) -> Answer {
    let origin = call.origin()?;
    let users = &call.services()?.users;
    match users.delete(by.user_id, by, None, &origin).await {
        Ok(_) => Ok(HttpResponse::NoContent().finish()),
        // Somebody else was faster.
        Err(ManageUserError::NotFound) => Err(InvalidToken.into()),
        Err(error) => Err(Problem::from(error)),
    }
}
