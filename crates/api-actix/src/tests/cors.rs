//! Requests from pages of other origins.

use actix_web::test::TestRequest;

use super::harness::{Answer, Api, Mocks, at, limits};

const ORIGIN: &str = "https://shop.example";

fn api() -> Api {
    Mocks::new().api_with(|settings| settings.cors_origins = vec![ORIGIN.to_owned()])
}

fn preflight(origin: &str, method: &str, headers: &str) -> TestRequest {
    at("OPTIONS", "/api/bookings/create-booking")
        .insert_header(("Origin", origin))
        .insert_header(("Access-Control-Request-Method", method))
        .insert_header(("Access-Control-Request-Headers", headers))
}

fn cors_headers(answer: &Answer) -> Vec<&str> {
    let names = answer.headers.keys().map(|name| name.as_str());
    names
        .filter(|name| name.starts_with("access-control-"))
        .collect()
}

#[actix_web::test]
async fn a_preflight_of_a_known_origin_passes() {
    let headers = "authorization, content-type, idempotency-key, if-match, if-none-match, x-setup-token, \
                   x-request-id, traceparent, tracestate";
    for method in ["GET", "POST", "PUT", "DELETE"] {
        let answer = api().call(preflight(ORIGIN, method, headers)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert_eq!(answer.header("Access-Control-Allow-Origin"), ORIGIN);
        assert_eq!(answer.header("Access-Control-Max-Age"), "3600");
        assert!(
            answer
                .header("Access-Control-Allow-Methods")
                .contains(method)
        );
        assert!(answer.header("Vary").contains("Origin"));
    }
}

#[actix_web::test]
async fn other_preflights_are_problems() {
    for request in [
        preflight("https://evil.example", "POST", "authorization"),
        preflight("https://shop.example.evil.example", "POST", ""),
        preflight("null", "POST", ""),
        preflight(ORIGIN, "PATCH", "authorization"),
        preflight(ORIGIN, "POST", "x-other"),
    ] {
        let answer = api().call(request).await;
        answer.assert_problem(400, "malformed_request");
        assert_eq!(cors_headers(&answer), [""; 0]);
    }
}

#[actix_web::test]
async fn errors_can_be_read_by_a_known_origin() {
    for path in ["/nothing", "/api/auth/user-profile", "/health/live"] {
        let answer = api()
            .call(at("GET", path).insert_header(("Origin", ORIGIN)))
            .await;
        assert_eq!(answer.header("Access-Control-Allow-Origin"), ORIGIN);
        let exposed = answer
            .header("Access-Control-Expose-Headers")
            .to_lowercase();
        for name in [
            "etag",
            "location",
            "retry-after",
            "idempotent-replayed",
            "x-request-id",
        ] {
            assert!(exposed.contains(name), "{exposed}");
        }
    }
}

#[actix_web::test]
async fn a_limited_client_can_read_that_it_is() {
    let api = Mocks::new().api_with(|settings| {
        settings.cors_origins = vec![ORIGIN.to_owned()];
        settings.rate_limit = limits(1, 1);
    });
    let request = || at("GET", "/nothing").insert_header(("Origin", ORIGIN));
    api.call(request()).await.assert_problem(404, "not_found");
    let answer = api.call(request()).await;
    answer.assert_problem(429, "rate_limited");
    assert_eq!(answer.header("Access-Control-Allow-Origin"), ORIGIN);
}

#[actix_web::test]
async fn other_origins_get_no_header() {
    for origin in ["https://evil.example", "http://shop.example", "null"] {
        let request = at("GET", "/health/live").insert_header(("Origin", origin));
        let answer = api().call(request).await;
        assert_eq!(answer.status, 200);
        assert_eq!(cors_headers(&answer), [""; 0]);
    }
}

#[actix_web::test]
async fn without_configured_origins_there_is_no_cors() {
    let api = Mocks::new().api();
    let answer = api.call(preflight(ORIGIN, "POST", "")).await;
    answer.assert_problem(405, "method_not_allowed");
    assert_eq!(cors_headers(&answer), [""; 0]);
    let request = at("GET", "/health/live").insert_header(("Origin", ORIGIN));
    assert_eq!(cors_headers(&api.call(request).await), [""; 0]);
}
