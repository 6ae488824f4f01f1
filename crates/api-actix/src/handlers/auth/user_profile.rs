//! `GET /api/auth/user-profile`.

use actix_web::HttpResponse;

use crate::dto::UserDto;
use crate::extract::{Call, SignedIn};
use crate::handlers::Answer;

/// The caller's own profile.
#[utoipa::path(
    get, path = "/api/auth/user-profile", operation_id = "userProfile",
    summary = "Show the caller's own account",
    responses((status = 200, description = "The caller's account.", body = UserDto<'_>)),
)]
pub(crate) async fn user_profile(SignedIn(by): SignedIn, call: Call) -> Answer {
    let user = call.services()?.accounts.profile(by.user_id).await?;
    Ok(HttpResponse::Ok().json(UserDto::from(&user)))
}
