//! `GET /api/users/paginate`.

use actix_web::HttpResponse;

use super::input::list;
use crate::dto::{PageDto, UserDto};
use crate::extract::{Admin, Call};
use crate::handlers::Answer;

/// A page of all users, or of those who are looked for.
pub(crate) async fn paginate(_: Admin, call: Call) -> Answer {
    let (filter, request) = list(call.query()?)?;
    let page = call.services()?.users.list(filter, request).await?;
    Ok(HttpResponse::Ok().json(PageDto::new(request, &page, UserDto::from)))
}
