//! `GET /api/users/paginate`.

use actix_web::HttpResponse;
use actix_web::http::header::LINK;

use super::input::list;
use crate::dto::{PageDto, UserDto, UserPage};
use crate::extract::{Admin, Call};
use crate::handlers::Answer;
use crate::openapi::parameters::{PageQuery, UserFilterQuery};

/// A page of all users, or of those who are looked for.
#[utoipa::path(
    get, path = "/api/users/paginate", operation_id = "paginateUsers",
    summary = "List users",
    params(PageQuery, UserFilterQuery),
    responses((status = 200, description = "A page of users.", body = UserPage, headers(("Link")))),
)]
pub(crate) async fn paginate(_: Admin, call: Call) -> Answer {
    let (filter, request) = list(call.query()?)?;
    let page = call.services()?.users.list(filter, request).await?;
    Ok(HttpResponse::Ok()
        .insert_header((LINK, call.links().numbered(request, page.total)))
        .json(PageDto::new(request, &page, UserDto::from)))
}
