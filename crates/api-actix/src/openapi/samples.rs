//! One occurrence of each error code, as the handlers themselves make it.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use domain::access::InvalidToken;
use domain::booking::{BookError, CancelError};
use domain::event::{DeleteEventError, UpdateError};
use domain::idempotency::KeyError;
use domain::session::LoginError;
use domain::text::InvalidValue;
use domain::user::{ManageUserError, RegisterError};

use crate::error_code::ErrorCode;
use crate::problem::{FieldError, Problem};
use crate::refusals::{
    booking_not_found, event_not_found, forbidden, missing_token, user_not_found,
};

/// A problem of that code.
pub(super) fn sample(code: ErrorCode) -> Problem {
    match code {
        ErrorCode::MalformedRequest => Problem::malformed("The body is not well-formed JSON."),
        ErrorCode::MissingToken => missing_token(),
        ErrorCode::InvalidToken => InvalidToken.into(),
        ErrorCode::InvalidCredentials => LoginError::WrongCredentials.into(),
        ErrorCode::Forbidden => forbidden("Only an admin may do this."),
        ErrorCode::NotFound => Problem::for_status(StatusCode::NOT_FOUND),
        ErrorCode::EventNotFound => event_not_found(),
        ErrorCode::BookingNotFound => booking_not_found(),
        ErrorCode::UserNotFound => user_not_found(),
        ErrorCode::MethodNotAllowed => Problem::method_not_allowed(HeaderValue::from_static("GET")),
        ErrorCode::PayloadTooLarge => Problem::for_status(StatusCode::PAYLOAD_TOO_LARGE),
        ErrorCode::UnsupportedMediaType => Problem::for_status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        ErrorCode::EmailTaken => RegisterError::EmailTaken.into(),
        ErrorCode::SoldOut => BookError::SoldOut.into(),
        ErrorCode::EventEnded => BookError::EventEnded.into(),
        ErrorCode::AlreadyCancelled => CancelError::AlreadyCancelled.into(),
        ErrorCode::EventHasBookings => DeleteEventError::HasBookings.into(),
        ErrorCode::CapacityBelowSold => UpdateError::CapacityBelowSold.into(),
        ErrorCode::LastAdmin => ManageUserError::LastAdmin.into(),
        ErrorCode::IdempotencyInProgress => KeyError::InProgress.into(),
        ErrorCode::PreconditionFailed => UpdateError::Outdated.into(),
        ErrorCode::ValidationFailed => Problem::validation(vec![FieldError {
            field: "name".to_owned(),
            message: InvalidValue::Blank.to_string(),
        }]),
        ErrorCode::IdempotencyMismatch => KeyError::Mismatch.into(),
        ErrorCode::RateLimited => LoginError::Slowed(Duration::from_secs(1)).into(),
        ErrorCode::InternalError => Problem::internal(String::new()),
        ErrorCode::Unavailable => Problem::unavailable(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_has_its_code() {
        for code in ErrorCode::ALL {
            assert_eq!(sample(*code).code, *code);
        }
    }
}
