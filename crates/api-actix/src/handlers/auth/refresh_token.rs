//! `POST /api/auth/refresh-token`.

use actix_web::HttpResponse;

use super::input::refresh_token as token;
use crate::dto::LoginDto;
use crate::extract::Call;
use crate::handlers::Answer;

/// New tokens for a refresh token, which is good for one use.
pub(crate) async fn refresh_token(mut call: Call) -> Answer {
    let token = token(&call.json().await?)?;
    let (sessions, origin) = (&call.services()?.sessions, call.origin()?);
    let login = sessions.refresh(token, &origin).await?;
    Ok(HttpResponse::Ok().json(LoginDto::from(&login)))
}
