//! One file per operation: parse, call the use case, present.

pub(crate) mod auth;
pub(crate) mod bookings;
pub(crate) mod docs;
pub(crate) mod events;
pub(crate) mod health;
mod metrics;
pub(crate) mod users;

use actix_web::HttpResponse;

pub(crate) use self::metrics::metrics;
use crate::problem::Problem;

/// What a handler gives back.
pub(crate) type Answer = Result<HttpResponse, Problem>;
