//! `PUT /api/auth/change-password`.

use actix_web::HttpResponse;

use super::input::{PasswordChangeBody, password_change};
use crate::extract::{Call, InSession};
use crate::handlers::Answer;

/// Changes the caller's password and ends all other sessions of the caller's.
#[utoipa::path(
    put, path = "/api/auth/change-password", operation_id = "changePassword",
    summary = "Change the caller's password",
    description = "Ends all other sessions of the caller's.",
    request_body = PasswordChangeBody,
    responses((status = 204, description = "The password was changed.")),
)]
pub(crate) async fn change_password(InSession(by): InSession, mut call: Call) -> Answer {
    let (current, new) = password_change(&call.json().await?)?;
    let (sessions, origin) = (&call.services()?.sessions, call.origin()?);
    sessions.change_password(by, current, new, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
