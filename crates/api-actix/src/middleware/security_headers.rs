//! Headers on every answer, for browsers that come across one.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

/// For a year nothing is asked of this host in plain HTTP. Only said over TLS of our own: of a proxy's only
/// the proxy knows whether every later request can use it.
const STAY_WITH_TLS: &str = "max-age=31536000";

const HEADERS: [(HeaderName, &str); 5] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_FRAME_OPTIONS, "DENY"),
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; frame-ancestors 'none'",
    ),
];

/// Sets them; what a handler has set for itself stays.
pub(super) fn set(headers: &mut HeaderMap, speaks_tls: bool) {
    if speaks_tls {
        let value = HeaderValue::from_static(STAY_WITH_TLS);
        headers.insert(STRICT_TRANSPORT_SECURITY, value);
    }
    for (name, value) in HEADERS {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
}
