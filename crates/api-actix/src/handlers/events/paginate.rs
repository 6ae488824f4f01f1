//! `GET /api/events/paginate`.

use actix_web::HttpResponse;
use actix_web::http::header::LINK;
use domain::cursor;
use domain::page::PageSize;

use super::input::event_list;
use crate::dto::{EventPage, ListDto};
use crate::extract::{Call, SignedIn};
use crate::handlers::Answer;
use crate::openapi::parameters::{CursorQuery, EventFilterQuery, PageQuery};

/// Events, by page or by cursor.
#[utoipa::path(
    get, path = "/api/events/paginate", operation_id = "paginateEvents",
    summary = "List events",
    description = "All events, past ones too, or those that are looked for, by date and then id. By `page` a \
                   row may show twice or never while others write; by `cursor` each shows once, unless its \
                   date is edited meanwhile, and the cost of a page does not grow with its depth. Not both. \
                   An empty `cursor` begins a walk, without counting.",
    params(PageQuery, CursorQuery, EventFilterQuery),
    responses((status = 200, description = "Some events.", body = EventPage, headers(("Link")))),
)]
pub(crate) async fn paginate(_: SignedIn, call: Call) -> Answer {
    let asked = event_list(call.query()?)?;
    let (scope, page) = (asked.query.scope(), asked.page);
    let events = &call.services()?.events;
    let list = events
        .list(asked.query, asked.start, PageSize::of(page))
        .await?;
    let next = list.events.next.map(|next| cursor::write(&scope, &next));
    let links = match list.total {
        Some(total) => call.links().numbered(page, total),
        None => call.links().walked(next.as_deref()),
    };
    Ok(HttpResponse::Ok()
        .insert_header((LINK, links))
        .json(ListDto::events(page, &list, next)))
}
