//! Who gets past which route.

use super::harness::{EVENT, Mocks, USER, at};
use crate::router::{Access, Limit, endpoints};

/// What is promised; a route that is missing here, or here and not there, fails the test.
const PROMISED: &[(&str, &str, Access)] = &[
    ("POST", "/api/auth/create-admin", Access::Gated),
    ("POST", "/api/auth/create-user", Access::Anyone),
    ("POST", "/api/auth/login", Access::Anyone),
    ("POST", "/api/auth/refresh-token", Access::Anyone),
    ("POST", "/api/auth/logout", Access::SignedIn),
    ("POST", "/api/auth/logout-everywhere", Access::SignedIn),
    ("PUT", "/api/auth/change-password", Access::SignedIn),
    ("GET", "/api/auth/user-profile", Access::SignedIn),
    ("GET", "/api/events/paginate", Access::SignedIn),
    ("GET", "/api/events/{id}/fetchById", Access::SignedIn),
    ("POST", "/api/events/create-event", Access::Admin),
    ("PUT", "/api/events/{id}/update-event", Access::Admin),
    ("DELETE", "/api/events/{id}/delete-event", Access::Admin),
    ("POST", "/api/bookings/create-booking", Access::SignedIn),
    (
        "DELETE",
        "/api/bookings/{bookingId}/cancel-booking",
        Access::SignedIn,
    ),
    (
        "GET",
        "/api/bookings/my-bookings/paginate",
        Access::SignedIn,
    ),
    ("GET", "/health/live", Access::Anyone),
    ("GET", "/health/ready", Access::Anyone),
];

fn concrete(path: &str) -> String {
    path.replace("{id}", EVENT).replace("{bookingId}", "2")
}

fn guarded(access: Access) -> impl Iterator<Item = (&'static str, String)> {
    PROMISED
        .iter()
        .filter(move |(_, _, a)| *a == access)
        .map(|(method, path, _)| (*method, concrete(path)))
}

#[test]
fn the_router_has_what_is_promised_and_nothing_else() {
    let table: Vec<(String, &str, Access)> = endpoints()
        .iter()
        .map(|e| (e.method.to_string(), e.path, e.access))
        .collect();
    let promised: Vec<(String, &str, Access)> = PROMISED
        .iter()
        .map(|(method, path, access)| ((*method).to_owned(), *path, *access))
        .collect();
    assert_eq!(table, promised);
}

#[test]
fn whoever_can_guess_is_limited_tightly() {
    for endpoint in endpoints() {
        let tight = matches!(
            endpoint.path,
            "/api/auth/create-admin"
                | "/api/auth/create-user"
                | "/api/auth/login"
                | "/api/auth/refresh-token"
                | "/api/auth/change-password"
        );
        assert_eq!(endpoint.limit == Limit::Auth, tight, "{}", endpoint.path);
    }
}

#[actix_web::test]
async fn without_a_token_nobody_gets_in() {
    let api = Mocks::new().api();
    for (method, path) in guarded(Access::SignedIn).chain(guarded(Access::Admin)) {
        let answer = api.call(at(method, &path)).await;
        answer.assert_problem(401, "missing_token");
        assert_eq!(answer.header("WWW-Authenticate"), "Bearer", "{path}");
    }
}

#[actix_web::test]
async fn with_an_invalid_token_nobody_gets_in() {
    let api = Mocks::new().api();
    let all = guarded(Access::SignedIn)
        .chain(guarded(Access::Admin))
        .chain(guarded(Access::Gated));
    for (method, path) in all {
        for header in [
            "Bearer expired",
            "Bearer",
            "Bearer ",
            "Basic dXNlcjp1c2Vy",
            "user-token",
            "",
            "Bearer \u{e9}",
        ] {
            let request = at(method, &path).insert_header(("Authorization", header));
            let answer = api.call(request).await;
            answer.assert_problem(401, "invalid_token");
            assert_eq!(
                answer.header("WWW-Authenticate"),
                "Bearer error=\"invalid_token\"",
                "{path} {header}"
            );
        }
    }
}

#[actix_web::test]
async fn two_authorization_headers_are_none() {
    let api = Mocks::new().api();
    let request = at("GET", "/api/auth/user-profile")
        .append_header(USER)
        .append_header(USER);
    api.call(request).await.assert_problem(401, "invalid_token");
}

#[actix_web::test]
async fn who_is_no_admin_stays_out_of_what_is_the_admins() {
    let api = Mocks::new().api();
    for (method, path) in guarded(Access::Admin) {
        let answer = api.call(at(method, &path).insert_header(USER)).await;
        answer.assert_problem(403, "forbidden");
    }
}

#[actix_web::test]
async fn who_calls_is_settled_before_anything_is_read() {
    let api = Mocks::new().api();
    let put = |path| at("PUT", path).set_payload(vec![b'['; 100_000]);
    let path = "/api/events/no-id/update-event";
    api.call(put(path))
        .await
        .assert_problem(401, "missing_token");
    let request = put(path).insert_header(USER);
    api.call(request).await.assert_problem(403, "forbidden");
}
