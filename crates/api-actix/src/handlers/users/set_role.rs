//! `PUT /api/users/{id}/set-role`.

use actix_web::HttpResponse;

use super::input::{RoleBody, role};
use crate::dto::UserDto;
use crate::extract::{Admin, Call};
use crate::handlers::Answer;
use crate::openapi::parameters::UserInPath;

/// Gives a user another role.
#[utoipa::path(
    put, path = "/api/users/{id}/set-role", operation_id = "setRole",
    summary = "Give a user a role",
    description = "The last admin stays one.",
    params(UserInPath),
    request_body = RoleBody,
    responses((status = 200, description = "The user as it is now.", body = UserDto<'_>)),
)]
pub(crate) async fn set_role(Admin(by): Admin, mut call: Call) -> Answer {
    let id = call.user_id()?;
    let role = role(&call.json().await?)?;
    let (users, origin) = (&call.services()?.users, call.origin()?);
    let user = users.set_role(id, role, by, &origin).await?;
    Ok(HttpResponse::Ok().json(UserDto::from(&user)))
}
