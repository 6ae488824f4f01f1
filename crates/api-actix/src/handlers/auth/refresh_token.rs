//! `POST /api/auth/refresh-token`.

use actix_web::HttpResponse;

use super::input::{RefreshTokenBody, refresh_token as token};
use crate::dto::LoginDto;
use crate::extract::Call;
use crate::handlers::Answer;

/// New tokens for a refresh token, which is good for one use.
#[utoipa::path(
    post, path = "/api/auth/refresh-token", operation_id = "refreshToken",
    summary = "Stay signed in",
    description = "New tokens for a refresh token, which is good for one use. One that is used twice ends its session: one of \
                   the two was stolen.",
    request_body = RefreshTokenBody,
    responses((status = 200, description = "The new tokens, and whose they are.", body = LoginDto<'_>)),
)]
pub(crate) async fn refresh_token(mut call: Call) -> Answer {
    let token = token(&call.json().await?)?;
    let (sessions, origin) = (&call.services()?.sessions, call.origin()?);
    let login = sessions.refresh(token, &origin).await?;
    Ok(HttpResponse::Ok().json(LoginDto::from(&login)))
}
