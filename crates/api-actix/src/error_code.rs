//! The one table of error codes: what clients branch on, with the status and the title of each.

use actix_web::http::StatusCode;

/// Defines the codes; each line is a code's variant, name, status and title.
macro_rules! error_codes {
    ($($variant:ident, $name:literal, $status:ident, $title:literal;)*) => {
        /// A stable name for what went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum ErrorCode {
            $($variant,)*
        }

        impl ErrorCode {
            /// Every code.
            pub(crate) const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name that clients see.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The HTTP status that goes with it.
            pub(crate) fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status,)* }
            }

            /// What went wrong in a few words, the same for every occurrence.
            pub(crate) fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)* }
            }
        }
    };
}

error_codes! {
    MalformedRequest,      "malformed_request",       BAD_REQUEST,            "Malformed request";
    MissingToken,          "missing_token",           UNAUTHORIZED,           "Not signed in";
    InvalidToken,          "invalid_token",           UNAUTHORIZED,           "Invalid token";
    InvalidCredentials,    "invalid_credentials",     UNAUTHORIZED,           "Wrong e-mail address or password";
    Forbidden,             "forbidden",               FORBIDDEN,              "Not allowed";
    NotFound,              "not_found",               NOT_FOUND,              "No such resource";
    EventNotFound,         "event_not_found",         NOT_FOUND,              "No such event";
    BookingNotFound,       "booking_not_found",       NOT_FOUND,              "No such booking";
    UserNotFound,          "user_not_found",          NOT_FOUND,              "No such user";
    MethodNotAllowed,      "method_not_allowed",      METHOD_NOT_ALLOWED,     "Method not allowed";
    PayloadTooLarge,       "payload_too_large",       PAYLOAD_TOO_LARGE,      "Body too large";
    UnsupportedMediaType,  "unsupported_media_type",  UNSUPPORTED_MEDIA_TYPE, "Unsupported media type";
    EmailTaken,            "email_taken",             CONFLICT,               "E-mail address taken";
    SoldOut,               "sold_out",                CONFLICT,               "Sold out";
    EventEnded,            "event_ended",             CONFLICT,               "Event has begun";
    AlreadyCancelled,      "already_cancelled",       CONFLICT,               "Already cancelled";
    EventHasBookings,      "event_has_bookings",      CONFLICT,               "Event has bookings";
    CapacityBelowSold,     "capacity_below_sold",     CONFLICT,               "Fewer tickets than sold";
    LastAdmin,             "last_admin",              CONFLICT,               "Last admin";
    IdempotencyInProgress, "idempotency_in_progress", CONFLICT,               "Same request in progress";
    PreconditionFailed,    "precondition_failed",     PRECONDITION_FAILED,    "Edited by somebody else";
    ValidationFailed,      "validation_failed",       UNPROCESSABLE_ENTITY,   "Validation failed";
    IdempotencyMismatch,   "idempotency_mismatch",    UNPROCESSABLE_ENTITY,   "Idempotency key used before";
    RateLimited,           "rate_limited",            TOO_MANY_REQUESTS,      "Too many requests";
    InternalError,         "internal_error",          INTERNAL_SERVER_ERROR,  "Internal error";
    Unavailable,           "unavailable",             SERVICE_UNAVAILABLE,    "Not available now";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published table; a client may rely on each pair.
    const PUBLISHED: &[(u16, &[&str])] = &[
        (400, &["malformed_request"]),
        (
            401,
            &["missing_token", "invalid_token", "invalid_credentials"],
        ),
        (403, &["forbidden"]),
        (
            404,
            &[
                "not_found",
                "event_not_found",
                "booking_not_found",
                "user_not_found",
            ],
        ),
        (405, &["method_not_allowed"]),
        (412, &["precondition_failed"]),
        (413, &["payload_too_large"]),
        (415, &["unsupported_media_type"]),
        (
            409,
            &[
                "email_taken",
                "sold_out",
                "event_ended",
                "already_cancelled",
                "event_has_bookings",
                "capacity_below_sold",
                "last_admin",
                "idempotency_in_progress",
            ],
        ),
        (422, &["validation_failed", "idempotency_mismatch"]),
        (429, &["rate_limited"]),
        (500, &["internal_error"]),
        (503, &["unavailable"]),
    ];

    #[test]
    fn every_code_has_its_published_status() {
        let mut published: Vec<(u16, &str)> = PUBLISHED
            .iter()
            .flat_map(|(status, names)| names.iter().map(|name| (*status, *name)))
            .collect();
        let mut ours: Vec<(u16, &str)> = ErrorCode::ALL
            .iter()
            .map(|code| (code.status().as_u16(), code.name()))
            .collect();
        published.sort_unstable();
        ours.sort_unstable();
        assert_eq!(ours, published);
    }

    #[test]
    fn every_code_has_a_title() {
        assert!(ErrorCode::ALL.iter().all(|code| !code.title().is_empty()));
    }
}
