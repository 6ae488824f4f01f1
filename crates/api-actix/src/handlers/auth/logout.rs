//! `POST /api/auth/logout`.

use actix_web::HttpResponse;

use crate::extract::{Call, InSession};
use crate::handlers::Answer;

/// Ends the caller's session.
#[utoipa::path(
    post, path = "/api/auth/logout", operation_id = "logout",
    summary = "Sign out",
    description = "Ends the session of the token, and with it the token and its refresh token.",
    responses((status = 204, description = "The session has ended.")),
)]
pub(crate) async fn logout(InSession(by): InSession, call: Call) -> Answer {
    let origin = call.origin()?;
    call.services()?.sessions.log_out(by, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
