//! One file per operation: parse, call the use case, present.

pub(crate) mod auth;
pub(crate) mod bookings;
pub(crate) mod docs;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod logs;
mod metrics;
pub(crate) mod users;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};

pub(crate) use self::metrics::metrics;
use crate::problem::Problem;

/// Says that an earlier request with the same key was answered so.
pub(crate) const REPLAYED: &str = "Idempotent-Replayed";

/// The beginning of an answer to a request that is done once under each key.
fn answer_once(status: StatusCode, replayed: bool) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    if replayed {
        response.insert_header((REPLAYED, "true"));
    }
    response
}

/// What a handler gives back.
pub(crate) type Answer = Result<HttpResponse, Problem>;
