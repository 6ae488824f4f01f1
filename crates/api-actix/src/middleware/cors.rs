//! Cross-origin requests from the configured origins.

use actix_cors::Cors;
use actix_web::http::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH, LINK, LOCATION, RETRY_AFTER,
};
use actix_web::http::{Method, Uri};

use super::request::REQUEST_ID;
use crate::extract::{IDEMPOTENCY_KEY, SETUP_TOKEN};
use crate::handlers::REPLAYED;
use crate::router::endpoints;
use crate::trace_context::TRACEPARENT;

/// How long a browser may remember a preflight's answer, in seconds.
const MAX_AGE: usize = 3600;
/// Goes with `traceparent`: a page that sends the one sends the other. Nothing here reads it.
const TRACESTATE: &str = "tracestate";

/// Answers preflights and marks answers for `origins`; others get no header.
pub(crate) fn cors(origins: &[String]) -> Cors {
    let methods: Vec<Method> = endpoints().into_iter().map(|e| e.method).collect();
    let allowed = [
        IDEMPOTENCY_KEY,
        SETUP_TOKEN,
        REQUEST_ID,
        TRACEPARENT,
        TRACESTATE,
    ];
    let exposed = [
        ETAG.as_str(),
        LINK.as_str(),
        LOCATION.as_str(),
        RETRY_AFTER.as_str(),
        REPLAYED,
        REQUEST_ID,
    ];
    let cors = Cors::default()
        .allowed_methods(methods)
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH])
        .allowed_headers(allowed.map(|name| name.to_ascii_lowercase()))
        .expose_headers(exposed)
        .max_age(MAX_AGE);
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin))
}

/// Whether `origin` is what a browser sends: scheme and host, maybe a port, nothing behind.
pub(crate) fn check_origin(origin: &str) -> bool {
    let Ok(uri) = origin.parse::<Uri>() else {
        return false;
    };
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => origin == format!("{scheme}://{authority}"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        for good in ["https://shop.example", "http://localhost:5173"] {
            assert!(check_origin(good), "{good}");
        }
        for bad in [
            "",
            "*",
            "null",
            "shop.example",
            "https://shop.example/",
            "https://shop.example/x",
            "https://",
        ] {
            assert!(!check_origin(bad), "{bad}");
        }
    }
}
