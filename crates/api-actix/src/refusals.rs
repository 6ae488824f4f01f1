//! What the use cases refuse, as problems.

use std::time::Duration;

use domain::access::{AdmitError, InvalidToken};
use domain::booking::{BookError, CancelError};
use domain::error::{Failure, chain};
use domain::event::{CreateEventError, DeleteEventError, UpdateError};
use domain::idempotency::KeyError;
use domain::session::{ChangePasswordError, LoginError, RefreshError};
use domain::user::{ManageUserError, ProfileError, RegisterAdminError, RegisterError};

use crate::error_code::ErrorCode;
use crate::problem::Problem;

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unavailable(_) => Self::unavailable(chain(&failure)),
            Failure::Unexpected(_) => Self::internal(chain(&failure)),
        }
    }
}

impl From<InvalidToken> for Problem {
    fn from(_: InvalidToken) -> Self {
        let detail = "The token is expired, malformed or not ours, or its session has ended.";
        Self::new(ErrorCode::InvalidToken, detail)
    }
}

impl From<AdmitError> for Problem {
    fn from(error: AdmitError) -> Self {
        match error {
            AdmitError::Invalid(invalid) => invalid.into(),
            AdmitError::Unavailable => Self::unavailable(error.to_string()),
        }
    }
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::EmailTaken => email_taken(),
            RegisterError::Failed(failure) => failure.into(),
        }
    }
}

impl From<RegisterAdminError> for Problem {
    fn from(error: RegisterAdminError) -> Self {
        match error {
            RegisterAdminError::Forbidden => forbidden("This request may not make an admin."),
            RegisterAdminError::EmailTaken => email_taken(),
            RegisterAdminError::Failed(failure) => failure.into(),
        }
    }
}

impl From<LoginError> for Problem {
    fn from(error: LoginError) -> Self {
        match error {
            LoginError::WrongCredentials => Self::new(
                ErrorCode::InvalidCredentials,
                "No account has this e-mail address and password.",
            ),
            LoginError::Slowed(wait) => slowed(wait),
            LoginError::Failed(failure) => failure.into(),
        }
    }
}

impl From<RefreshError> for Problem {
    fn from(error: RefreshError) -> Self {
        match error {
            RefreshError::Refused => Self::new(
                ErrorCode::InvalidToken,
                "The refresh token is unknown, used or expired, or its session has ended.",
            ),
            RefreshError::Failed(failure) => failure.into(),
        }
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::WrongPassword => Self::new(
                ErrorCode::InvalidCredentials,
                "The current password is another one.",
            ),
            ChangePasswordError::Slowed(wait) => slowed(wait),
            ChangePasswordError::Gone => InvalidToken.into(),
            ChangePasswordError::Failed(failure) => failure.into(),
        }
    }
}

impl From<ProfileError> for Problem {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Gone => InvalidToken.into(),
            ProfileError::Failed(failure) => failure.into(),
        }
    }
}

impl From<ManageUserError> for Problem {
    fn from(error: ManageUserError) -> Self {
        match error {
            ManageUserError::NotFound => user_not_found(),
            ManageUserError::LastAdmin => Self::new(
                ErrorCode::LastAdmin,
                "Nobody else is an admin: make somebody one first.",
            ),
            ManageUserError::Key(error) => error.into(),
            ManageUserError::Failed(failure) => failure.into(),
        }
    }
}

impl From<UpdateError> for Problem {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::NotFound => event_not_found(),
            UpdateError::CapacityBelowSold => Self::new(
                ErrorCode::CapacityBelowSold,
                "More tickets are sold or being sold than `totalTickets` would leave.",
            ),
            UpdateError::Outdated => outdated(),
            UpdateError::Key(error) => error.into(),
            UpdateError::Failed(failure) => failure.into(),
        }
    }
}

impl From<DeleteEventError> for Problem {
    fn from(error: DeleteEventError) -> Self {
        match error {
            DeleteEventError::NotFound => event_not_found(),
            DeleteEventError::HasBookings => Self::new(
                ErrorCode::EventHasBookings,
                "The event has bookings, maybe cancelled ones, and stays.",
            ),
            DeleteEventError::Outdated => outdated(),
            DeleteEventError::Key(error) => error.into(),
            DeleteEventError::Failed(failure) => failure.into(),
        }
    }
}

impl From<BookError> for Problem {
    fn from(error: BookError) -> Self {
        let (code, detail) = match error {
            BookError::EventNotFound => return event_not_found(),
            BookError::UserGone => return InvalidToken.into(),
            BookError::Key(error) => return error.into(),
            BookError::Failed(failure) => return failure.into(),
            BookError::EventEnded => (ErrorCode::EventEnded, "The event has begun."),
            BookError::SoldOut => (
                ErrorCode::SoldOut,
                "Fewer tickets are available than wanted.",
            ),
        };
        Self::new(code, detail)
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        let (code, detail) = match error {
            KeyError::InProgress => (
                ErrorCode::IdempotencyInProgress,
                "The first request with this Idempotency-Key is in progress.",
            ),
            KeyError::Mismatch => (
                ErrorCode::IdempotencyMismatch,
                "This Idempotency-Key was used for another request.",
            ),
        };
        Self::new(code, detail)
    }
}

impl From<CreateEventError> for Problem {
    fn from(error: CreateEventError) -> Self {
        match error {
            CreateEventError::Key(error) => error.into(),
            CreateEventError::Failed(failure) => failure.into(),
        }
    }
}

impl From<CancelError> for Problem {
    fn from(error: CancelError) -> Self {
        match error {
            CancelError::NotFound => booking_not_found(),
            CancelError::AlreadyCancelled => Self::new(
                ErrorCode::AlreadyCancelled,
                "The booking was cancelled before.",
            ),
            CancelError::Key(error) => error.into(),
            CancelError::Failed(failure) => failure.into(),
        }
    }
}

/// There is no event of that id, or the id has no form that an event's could have.
pub(crate) fn event_not_found() -> Problem {
    Problem::new(ErrorCode::EventNotFound, "There is no such event.")
}

/// There is no booking of that id for the caller.
pub(crate) fn booking_not_found() -> Problem {
    Problem::new(ErrorCode::BookingNotFound, "There is no such booking.")
}

/// There is no user of that id, or the id has no form that a user's could have.
pub(crate) fn user_not_found() -> Problem {
    Problem::new(ErrorCode::UserNotFound, "There is no such user.")
}

/// The route wants to know who calls.
pub(crate) fn missing_token() -> Problem {
    Problem::new(ErrorCode::MissingToken, "The request needs a token.")
}

/// The caller is known and may not.
pub(crate) fn forbidden(detail: &'static str) -> Problem {
    Problem::new(ErrorCode::Forbidden, detail)
}

/// Too many wrong passwords came before.
fn slowed(wait: Duration) -> Problem {
    let detail = "Too many tries with a wrong password; see Retry-After.";
    Problem::rate_limited(detail, wait)
}

fn outdated() -> Problem {
    let detail = "The event was edited since it was read: read it again, and decide anew.";
    Problem::new(ErrorCode::PreconditionFailed, detail)
}

fn email_taken() -> Problem {
    Problem::new(
        ErrorCode::EmailTaken,
        "Another account has this e-mail address.",
    )
}
