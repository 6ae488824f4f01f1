//! `GET /api/openapi.json`.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, ContentType};

use crate::handlers::Answer;
use crate::openapi;

/// For how long the document may be kept: as long as nobody minds an older one after an upgrade.
const KEPT: &str = "public, max-age=300";

/// The OpenAPI document.
#[utoipa::path(
    get, path = "/api/openapi.json", operation_id = "openapi",
    summary = "Show this document",
    responses((
        status = 200, description = "The OpenAPI 3.1 document of this server.", body = Object,
        headers(("Cache-Control" = String, description = "For how long it may be kept.")),
    )),
)]
pub(crate) async fn openapi_json() -> Answer {
    Ok(HttpResponse::Ok()
        .content_type(ContentType::json())
        .insert_header((CACHE_CONTROL, KEPT))
        .body(openapi::openapi_json()))
}
