//! `GET /health/live`.

use actix_web::HttpResponse;
use serde_json::json;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::handlers::Answer;
use crate::openapi::schema_type;

schema_type! {
    /// `{status}`.
    Live as "Live",
    ObjectBuilder::new()
        .property("status", ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["live"])))
        .required("status")
}

/// The process answers.
#[utoipa::path(
    get, path = "/health/live", operation_id = "live",
    summary = "Tell whether the process answers",
    responses((status = 200, description = "It does.", body = inline(Live))),
)]
pub(crate) async fn live() -> Answer {
    Ok(HttpResponse::Ok().json(json!({"status": "live"})))
}
