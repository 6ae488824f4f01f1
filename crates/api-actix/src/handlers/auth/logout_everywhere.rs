//! `POST /api/auth/logout-everywhere`.

use actix_web::HttpResponse;

use crate::extract::{Call, SignedIn};
use crate::handlers::Answer;

/// Ends all sessions of the caller's.
#[utoipa::path(
    post, path = "/api/auth/logout-everywhere", operation_id = "logoutEverywhere",
    summary = "Sign out everywhere",
    description = "Ends all sessions of the caller's, this one too.",
    responses((status = 204, description = "The sessions have ended.")),
)]
pub(crate) async fn logout_everywhere(SignedIn(by): SignedIn, call: Call) -> Answer {
    let (sessions, origin) = (&call.services()?.sessions, call.origin()?);
    sessions.log_out_everywhere(by, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
