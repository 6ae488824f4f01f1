//! `PUT /api/users/{id}/set-role`.

use actix_web::http::StatusCode;

use super::input::{RoleBody, role};
use crate::dto::UserDto;
use crate::extract::{Admin, Call};
use crate::handlers::{Answer, answer_once};
use crate::openapi::parameters::{IdempotencyHeader, UserInPath};

/// Gives a user another role.
#[utoipa::path(
    put, path = "/api/users/{id}/set-role", operation_id = "setRole",
    summary = "Give a user a role",
    description = "The last admin stays one.",
    params(UserInPath, IdempotencyHeader),
    request_body = RoleBody,
    responses((status = 200, description = "The user as it is now.", body = UserDto<'_>)),
)]
pub(crate) async fn set_role(Admin(by): Admin, mut call: Call) -> Answer {
    let id = call.user_id()?;
    let json = call.json().await?;
    let (role, key) = role(&json, call.key_use(&json))?;
    let (users, origin) = (&call.services()?.users, call.origin()?);
    let changed = users.set_role(id, role, by, key, &origin).await?;
    Ok(answer_once(StatusCode::OK, changed.replayed).json(UserDto::from(&changed.value)))
}
