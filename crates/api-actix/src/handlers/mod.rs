//! One file per operation: parse, call the use case, present.

pub(crate) mod auth;
pub(crate) mod bookings;
pub(crate) mod events;
pub(crate) mod health;
pub(crate) mod users;

use actix_web::HttpResponse;

use crate::problem::Problem;

/// What a handler gives back.
pub(crate) type Answer = Result<HttpResponse, Problem>;
