//! `GET /docs/`.

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, ContentType};

use crate::handlers::Answer;

const PAGE: &str = include_str!("swagger_ui.html");

/// The page may load its own files and call the server that it came from, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page of Swagger UI.
#[utoipa::path(
    get, path = "/docs/", operation_id = "swaggerUi",
    summary = "Show Swagger UI",
    description = "This document as a page in which each operation can be tried. It asks no other server for anything.",
    responses((status = 200, description = "The page.", body = String, content_type = "text/html")),
)]
pub(crate) async fn swagger_ui() -> Answer {
    Ok(HttpResponse::Ok()
        .content_type(ContentType::html())
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(PAGE))
}
