//! `GET /health/ready`.

use actix_web::HttpResponse;
use domain::health::PartHealth;
use serde_json::{Map, Value, json};

use crate::error_code::ErrorCode;
use crate::extract::Call;
use crate::handlers::Answer;
use crate::problem::{FieldError, Problem};

/// Whether every store is there, and which is away.
pub(crate) async fn ready(call: Call) -> Answer {
    let health = call.services()?.health.parts();
    let away: Vec<FieldError> = health.iter().filter(|part| !part.up).map(is_away).collect();
    let parts: Map<String, Value> = health.iter().map(state).collect();
    if away.is_empty() {
        return Ok(HttpResponse::Ok().json(json!({"status": "ready", "parts": parts})));
    }
    let detail = "A part of the service is away; `parts` and `errors` say which.";
    let problem = Problem::new(ErrorCode::Unavailable, detail);
    Err(problem.with_parts(parts).with_errors(away))
}

fn state(part: &PartHealth) -> (String, Value) {
    let state = if part.up { "up" } else { "away" };
    (part.name.to_owned(), state.into())
}

fn is_away(part: &PartHealth) -> FieldError {
    FieldError {
        field: part.name.to_owned(),
        message: "is away".to_owned(),
    }
}
