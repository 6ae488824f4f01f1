//! `POST /api/auth/logout-everywhere`.

use actix_web::HttpResponse;

use crate::extract::{Call, SignedIn};
use crate::handlers::Answer;

/// Ends all sessions of the caller's.
pub(crate) async fn logout_everywhere(SignedIn(by): SignedIn, call: Call) -> Answer {
    let (sessions, origin) = (&call.services()?.sessions, call.origin()?);
    sessions.log_out_everywhere(by, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
