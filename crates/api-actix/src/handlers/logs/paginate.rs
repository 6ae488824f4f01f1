//! `GET /api/logs/paginate`.

use actix_web::HttpResponse;
use actix_web::http::header::LINK;
use domain::cursor;

use super::input::log_query;
use crate::dto::{LogRecordDto, LogStretch, StretchDto};
use crate::extract::{Admin, Call};
use crate::handlers::Answer;
use crate::openapi::parameters::{CursorQuery, LogFilterQuery};

/// The audit log, newest first.
#[utoipa::path(
    get, path = "/api/logs/paginate", operation_id = "paginateLogs",
    summary = "Read the audit log",
    description = "Newest first. There is no total: counting millions is what a cursor avoids.",
    params(LogFilterQuery, CursorQuery),
    responses((status = 200, description = "Some records.", body = LogStretch, headers(("Link")))),
)]
pub(crate) async fn paginate(_: Admin, call: Call) -> Answer {
    let asked = log_query(call.query()?)?;
    let (scope, size) = (asked.filter.scope(), asked.size);
    let logs = &call.services()?.logs;
    let found = logs.list(asked.filter, asked.after, size).await?;
    let next = found.next.map(|next| cursor::write(&scope, &next));
    let links = call.links().walked(next.as_deref());
    let rows = found.rows.iter().map(LogRecordDto::from);
    Ok(HttpResponse::Ok()
        .insert_header((LINK, links))
        .json(StretchDto::stretch(rows.collect(), size, next)))
}
