//! `GET /health/live`.

use actix_web::HttpResponse;
use serde_json::json;

use crate::handlers::Answer;

/// The process answers.
pub(crate) async fn live() -> Answer {
    Ok(HttpResponse::Ok().json(json!({"status": "live"})))
}
