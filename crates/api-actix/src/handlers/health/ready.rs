//! `GET /health/ready`.

use actix_web::HttpResponse;
use domain::health::PartHealth;
use serde_json::{Map, Value, json};
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::error_code::ErrorCode;
use crate::extract::Call;
use crate::handlers::Answer;
use crate::openapi::schema_type;
use crate::problem::{FieldError, Problem};

schema_type! {
    /// `{status, parts}`.
    Ready as "Ready",
    ObjectBuilder::new()
        .property("status", ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["ready"])))
        .required("status")
        .property("parts", ObjectBuilder::new().schema_type(Type::Object).description(Some("Each store, and how it is."))
            .additional_properties(Some(Schema::from(ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["up"]))))))
        .required("parts")
}

/// Whether every store is there, and which is away.
#[utoipa::path(
    get, path = "/health/ready", operation_id = "ready",
    summary = "Tell whether every store is there",
    description = "503 while one is away; `parts` and `errors` of the problem say which.",
    responses((status = 200, description = "All are.", body = inline(Ready))),
)]
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
