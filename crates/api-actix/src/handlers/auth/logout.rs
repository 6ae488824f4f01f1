//! `POST /api/auth/logout`.

use actix_web::HttpResponse;

use crate::extract::{Call, InSession};
use crate::handlers::Answer;

/// Ends the caller's session.
pub(crate) async fn logout(InSession(by): InSession, call: Call) -> Answer {
    let origin = call.origin()?;
    call.services()?.sessions.log_out(by, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
