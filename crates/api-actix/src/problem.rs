//! Everything that can go wrong, as RFC 9457 `application/problem+json`.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use actix_web::http::header::{HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use domain::request::RequestId;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};

use crate::error_code::ErrorCode;

/// The media type of every error.
pub(crate) const PROBLEM_JSON: &str = "application/problem+json";

/// One field of a body or query, or one header or part, and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// The name of the field, header or part; `body` or `query` for the whole.
    pub(crate) field: String,
    /// What is wrong with it, for people.
    pub(crate) message: String,
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::validation(vec![error])
    }
}

/// What went wrong with one request.
///
/// As a [`ResponseError`] it answers with an empty body and leaves itself in the response's
/// extensions: the outermost middleware, which knows the request's id, writes the body.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) code: ErrorCode,
    detail: Cow<'static, str>,
    /// Apart, so that a result that may be a problem stays small.
    more: Box<More>,
}

/// What only some problems have.
#[derive(Debug, Clone, Default)]
struct More {
    errors: Vec<FieldError>,
    parts: Option<Map<String, Value>>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
    closes: bool,
}

/// What went wrong (RFC 9457).
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct Body<'a> {
    /// The code as a URI.
    r#type: String,
    /// What went wrong in a few words, the same for every occurrence of the code.
    title: &'a str,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What went wrong this time, for people.
    detail: &'a str,
    /// What clients branch on; never changes.
    #[schema(schema_with = code_schema)]
    code: &'a str,
    /// The request's id, as in `X-Request-Id`.
    #[serde(rename = "requestId")]
    request_id: &'a str,
    /// Each field that was refused.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    #[schema(required = false)]
    errors: &'a [FieldError],
    /// The state of every part of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    parts: Option<&'a Map<String, Value>>,
}

fn code_schema() -> Schema {
    let names = ErrorCode::ALL.iter().map(|code| code.name());
    let code = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names));
    code.into()
}

impl Problem {
    /// A problem with the headers that its code asks for.
    pub(crate) fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        let problem = Self {
            code,
            detail: detail.into(),
            more: Box::default(),
        };
        match code {
            // RFC 6750: the error attribute only where a token was there.
            ErrorCode::InvalidToken => {
                problem.with_header(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")
            }
            ErrorCode::MissingToken | ErrorCode::InvalidCredentials => {
                problem.with_header(WWW_AUTHENTICATE, "Bearer")
            }
            ErrorCode::Unavailable | ErrorCode::IdempotencyInProgress => {
                problem.with_header(RETRY_AFTER, "1")
            }
            _ => problem,
        }
    }

    /// Fields of body or query that were refused.
    pub(crate) fn validation(errors: Vec<FieldError>) -> Self {
        let detail = "The request has invalid fields; `errors` names each.";
        Self::new(ErrorCode::ValidationFailed, detail).with_errors(errors)
    }

    /// A request that cannot be parsed at all.
    pub(crate) fn malformed(detail: &'static str) -> Self {
        Self::new(ErrorCode::MalformedRequest, detail)
    }

    /// A store is away; `cause` goes to the log only.
    pub(crate) fn unavailable(cause: String) -> Self {
        let detail = "The service cannot do this right now; the same request may work shortly.";
        Self::new(ErrorCode::Unavailable, detail).with_cause(cause)
    }

    /// A fault of ours; `cause` goes to the log only.
    pub(crate) fn internal(cause: String) -> Self {
        let detail = "Something went wrong on our side; the log has it under the request's id.";
        Self::new(ErrorCode::InternalError, detail).with_cause(cause)
    }

    /// The caller comes too often; `wait` until the next request is let in.
    pub(crate) fn rate_limited(detail: &'static str, wait: Duration) -> Self {
        Self::new(ErrorCode::RateLimited, detail).with_retry_after(whole_seconds(wait))
    }

    /// The resource exists and knows only the methods in `allow`.
    pub(crate) fn method_not_allowed(allow: HeaderValue) -> Self {
        let detail = "The resource does not know this method; see Allow.";
        Self::new(ErrorCode::MethodNotAllowed, detail).with_header_value(header::ALLOW, allow)
    }

    /// For an answer that the framework wrote by itself.
    pub(crate) fn for_status(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::new(ErrorCode::NotFound, "There is nothing here."),
            StatusCode::PAYLOAD_TOO_LARGE => {
                Self::new(ErrorCode::PayloadTooLarge, "The body is too large.")
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Self::new(ErrorCode::UnsupportedMediaType, "The body must be JSON.")
            }
            status if status.is_server_error() => {
                Self::internal(format!("the framework answered {status}"))
            }
            _ => Self::malformed("The request cannot be understood."),
        }
    }

    /// With these fields.
    pub(crate) fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.more.errors = errors;
        self
    }

    /// With the state of every part of the service.
    pub(crate) fn with_parts(mut self, parts: Map<String, Value>) -> Self {
        self.more.parts = Some(parts);
        self
    }

    /// The connection ends with this answer: the rest of the request is not read.
    pub(crate) fn closing(mut self) -> Self {
        self.more.closes = true;
        self
    }

    fn with_cause(mut self, cause: String) -> Self {
        self.more.cause = Some(cause);
        self
    }

    fn with_retry_after(self, seconds: u64) -> Self {
        self.with_header_value(RETRY_AFTER, HeaderValue::from(seconds))
    }

    fn with_header(self, name: HeaderName, value: &'static str) -> Self {
        self.with_header_value(name, HeaderValue::from_static(value))
    }

    fn with_header_value(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.more.headers.push((name, value));
        self
    }

    /// The names of the headers that go with it.
    pub(crate) fn headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.more.headers.iter().map(|(name, _)| name)
    }

    /// The body for the request of that id.
    pub(crate) fn body(&self, request_id: &RequestId) -> String {
        let body = Body {
            r#type: format!("urn:boxoffice:problem:{}", self.code.name()),
            title: self.code.title(),
            status: self.code.status().as_u16(),
            detail: &self.detail,
            code: self.code.name(),
            request_id: request_id.as_str(),
            errors: &self.more.errors,
            parts: self.more.parts.as_ref(),
        };
        // Strings and numbers alone: serialising them cannot fail.
        serde_json::to_string(&body).unwrap_or_default()
    }

    /// Writes what a client must not see to the log; called once for an answer.
    pub(crate) fn log(&self) {
        let Some(cause) = &self.more.cause else {
            return;
        };
        let code = self.code.name();
        if self.code == ErrorCode::InternalError {
            tracing::error!(code, cause, "request failed by a fault of ours");
        } else {
            tracing::warn!(code, cause, "request could not be served now");
        }
    }
}

/// Rounded up: a client that comes back after the time that it was told is let in.
fn whole_seconds(wait: Duration) -> u64 {
    let begun = u64::from(wait.subsec_nanos() > 0);
    (wait.as_secs() + begun).max(1)
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.name())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.code.status());
        for header in &self.more.headers {
            response.append_header(header.clone());
        }
        if self.more.closes {
            response.force_close();
        }
        let mut response = response.finish();
        response.extensions_mut().insert(self.clone());
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_is_rounded_up() {
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_millis(300)), 1);
        assert_eq!(whole_seconds(Duration::from_millis(1001)), 2);
        assert_eq!(whole_seconds(Duration::from_secs(3)), 3);
    }
}
