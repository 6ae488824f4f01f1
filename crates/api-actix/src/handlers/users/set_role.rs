//! `PUT /api/users/{id}/set-role`.

use actix_web::HttpResponse;

use super::input::role;
use crate::dto::UserDto;
use crate::extract::{Admin, Call};
use crate::handlers::Answer;

/// Gives a user another role.
pub(crate) async fn set_role(Admin(by): Admin, mut call: Call) -> Answer {
    let id = call.user_id()?;
    let role = role(&call.json().await?)?;
    let (users, origin) = (&call.services()?.users, call.origin()?);
    let user = users.set_role(id, role, by, &origin).await?;
    Ok(HttpResponse::Ok().json(UserDto::from(&user)))
}
