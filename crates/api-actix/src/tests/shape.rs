//! Answers that no handler gives: paths and methods that are not there, and the headers of all.

use std::sync::Arc;

use rustls::server::ResolvesServerCertUsingSni;

use super::harness::{ADMIN, EVENT, Mocks, USER, at};
use crate::router::endpoints;

#[actix_web::test]
async fn unknown_paths_are_problems() {
    let api = Mocks::new().api();
    for path in [
        "/",
        "/api",
        "/api/",
        "/nothing",
        "/health",
        "/health/",
        "/health/live/",
        "/healthy",
        "/api/events/paginate/",
        "/api/events//fetchById",
        "/api/events/a/b/fetchById",
        "/API/events/paginate",
        "/api/events/paginate%00",
        "/api/%2e%2e/health",
        "/%FF%FE",
    ] {
        let answer = api.call(at("GET", path).insert_header(ADMIN)).await;
        answer.assert_problem(404, "not_found");
    }
}

#[actix_web::test]
async fn wrong_methods_are_problems_that_name_the_right_ones() {
    let api = Mocks::new().api();
    for endpoint in endpoints() {
        let path = endpoint.path.replace("{id}", EVENT);
        for method in ["PATCH", "OPTIONS", "TRACE", "HEAD", "BREW"] {
            let answer = api.call(at(method, &path).insert_header(ADMIN)).await;
            answer.assert_problem(405, "method_not_allowed");
            assert_eq!(answer.header("Allow"), endpoint.method.as_str());
        }
    }
}

#[actix_web::test]
async fn ids_of_a_wrong_form_are_not_found() {
    let api = Mocks::new().api();
    for id in [
        "x",
        "1",
        "507f1f77bcf86cd79943901",
        "507f1f77bcf86cd7994390111",
        "507f1f77bcf86cd79943901g",
        "%00",
        "507f1f77bcf86cd79943901%00",
        "%FF",
        "%2F",
        "%25",
        "%",
        "{id}",
        "$gt",
        "[object%20Object]",
        "%F0%9F%8E%AB",
    ] {
        let path = format!("/api/events/{id}/fetchById");
        let answer = api.call(at("GET", &path).insert_header(USER)).await;
        answer.assert_problem(404, "event_not_found");
        let path = format!("/api/events/{id}/delete-event");
        let answer = api.call(at("DELETE", &path).insert_header(ADMIN)).await;
        answer.assert_problem(404, "event_not_found");
    }
    for id in [
        "0",
        "-1",
        "01",
        "1.0",
        "1e3",
        "9223372036854775808",
        "x",
        "%00",
        "%31%00",
        "2%20",
    ] {
        let path = format!("/api/bookings/{id}/cancel-booking");
        let answer = api.call(at("DELETE", &path).insert_header(USER)).await;
        answer.assert_problem(404, "booking_not_found");
    }
}

#[actix_web::test]
async fn every_answer_has_the_security_headers() {
    let api = Mocks::new().api();
    for path in ["/health/live", "/nothing", "/api/auth/user-profile"] {
        let answer = api.call(at("GET", path)).await;
        assert_eq!(answer.header("X-Content-Type-Options"), "nosniff");
        assert_eq!(answer.header("Cache-Control"), "no-store");
        assert_eq!(answer.header("Referrer-Policy"), "no-referrer");
        assert_eq!(answer.header("X-Frame-Options"), "DENY");
        assert_eq!(
            answer.header("Content-Security-Policy"),
            "default-src 'none'; frame-ancestors 'none'"
        );
        assert_eq!(answer.header("Server"), "");
    }
}

/// TLS without certificates: nobody connects.
fn tls() -> rustls::ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(ResolvesServerCertUsingSni::new()))
}

#[actix_web::test]
async fn who_came_over_tls_is_told_to_stay_with_it() {
    for (tls, told) in [(Some(tls()), "max-age=31536000"), (None, "")] {
        let api = Mocks::new().api_with(|settings| settings.tls = tls);
        for path in ["/docs/", "/nothing", "/api/auth/user-profile"] {
            let answer = api.call(at("GET", path)).await;
            assert_eq!(answer.header("Strict-Transport-Security"), told, "{path}");
        }
    }
}
