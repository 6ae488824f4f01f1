//! `POST /api/auth/create-user`.

use actix_web::HttpResponse;

use super::input::{NewAccountBody, new_account};
use crate::dto::UserDto;
use crate::extract::Call;
use crate::handlers::Answer;

/// Makes an account, for anybody.
#[utoipa::path(
    post, path = "/api/auth/create-user", operation_id = "createUser",
    summary = "Make an account",
    description = "For anybody. It becomes a user's account, never an admin's.",
    request_body = NewAccountBody,
    responses((
        status = 201, description = "The account was made.", body = UserDto<'_>,
        links(
            ("setRole" = (operation_id = "setRole", parameters(("id" = "$response.body#/id")))),
            ("delete" = (operation_id = "deleteUser", parameters(("id" = "$response.body#/id")))),
        ),
    )),
)]
pub(crate) async fn create_user(mut call: Call) -> Answer {
    let account = new_account(&call.json().await?)?;
    let origin = call.origin()?;
    let user = call.services()?.accounts.register(account, &origin).await?;
    Ok(HttpResponse::Created().json(UserDto::from(&user)))
}
