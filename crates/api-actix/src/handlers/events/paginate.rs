//! `GET /api/events/paginate`.

use actix_web::HttpResponse;

use crate::dto::{EventDto, EventPage, PageDto};
use crate::extract::{Call, SignedIn};
use crate::handlers::Answer;
use crate::openapi::parameters::PageQuery;

/// A page of all events.
#[utoipa::path(
    get, path = "/api/events/paginate", operation_id = "paginateEvents",
    summary = "List events",
    description = "All events, past ones too, by date and then id.",
    params(PageQuery),
    responses((status = 200, description = "A page of events.", body = EventPage)),
)]
pub(crate) async fn paginate(_: SignedIn, call: Call) -> Answer {
    let request = call.page()?;
    let page = call.services()?.events.list(request).await?;
    Ok(HttpResponse::Ok().json(PageDto::new(request, &page, EventDto::from)))
}
