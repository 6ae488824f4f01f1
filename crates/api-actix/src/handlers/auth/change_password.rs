//! `PUT /api/auth/change-password`.

use actix_web::HttpResponse;

use super::input::password_change;
use crate::extract::{Call, InSession};
use crate::handlers::Answer;

/// Changes the caller's password and ends all other sessions of the caller's.
pub(crate) async fn change_password(InSession(by): InSession, mut call: Call) -> Answer {
    let (current, new) = password_change(&call.json().await?)?;
    let (sessions, origin) = (&call.services()?.sessions, call.origin()?);
    sessions.change_password(by, current, new, &origin).await?;
    Ok(HttpResponse::NoContent().finish())
}
