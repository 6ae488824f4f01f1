//! `POST /api/auth/create-user`.

use actix_web::HttpResponse;

use super::input::new_account;
use crate::dto::UserDto;
use crate::extract::Call;
use crate::handlers::Answer;

/// Makes an account, for anybody.
pub(crate) async fn create_user(mut call: Call) -> Answer {
    let account = new_account(&call.json().await?)?;
    let origin = call.origin()?;
    let user = call.services()?.accounts.register(account, &origin).await?;
    Ok(HttpResponse::Created().json(UserDto::from(&user)))
}
