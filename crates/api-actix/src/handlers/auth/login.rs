//! `POST /api/auth/login`.

use actix_web::HttpResponse;

use super::input::credentials;
use crate::dto::LoginDto;
use crate::extract::Call;
use crate::handlers::Answer;

/// Signs in.
pub(crate) async fn login(mut call: Call) -> Answer {
    let (email, attempt) = credentials(&call.json().await?)?;
    let (sessions, origin) = (&call.services()?.sessions, call.origin()?);
    let login = sessions.log_in(email, attempt, &origin).await?;
    Ok(HttpResponse::Ok().json(LoginDto::from(&login)))
}
