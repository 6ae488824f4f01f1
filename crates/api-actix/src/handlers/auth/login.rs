//! `POST /api/auth/login`.

use actix_web::HttpResponse;

use super::input::{CredentialsBody, credentials};
use crate::dto::LoginDto;
use crate::extract::Call;
use crate::handlers::Answer;

/// Signs in.
#[utoipa::path(
    post, path = "/api/auth/login", operation_id = "login",
    summary = "Sign in",
    description = "Takes the same time and gives the same answer for a wrong password and an unknown address.",
    request_body = CredentialsBody,
    responses((status = 200, description = "The token, and whose it is.", body = LoginDto<'_>)),
)]
pub(crate) async fn login(mut call: Call) -> Answer {
    let (email, attempt) = credentials(&call.json().await?)?;
    let (sessions, origin) = (&call.services()?.sessions, call.origin()?);
    let login = sessions.log_in(email, attempt, &origin).await?;
    Ok(HttpResponse::Ok().json(LoginDto::from(&login)))
}
