//! What happens around every handler. From the outside in: the request's scope ([`request`]),
//! CORS, the general rate limit, the tight one, and the guard with deadline and panics.

mod cors;
mod guard;
mod rate_limit;
mod request;
mod security_headers;

pub(crate) use cors::{check_origin, cors};
pub(crate) use guard::guard;
pub(crate) use rate_limit::RateLimiters;
pub(crate) use request::{REQUEST_ID, request_scope};
