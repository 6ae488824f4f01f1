//! Who gets past which route.

use super::harness::{ADMIN, EVENT, Mocks, STAFF, USER, at};
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
    ("DELETE", "/api/auth/delete-account", Access::SignedIn),
    ("GET", "/api/users/paginate", Access::Admin),
    ("PUT", "/api/users/{id}/set-role", Access::Admin),
    ("DELETE", "/api/users/{id}/delete-user", Access::Admin),
    ("GET", "/api/events/paginate", Access::SignedIn),
    ("GET", "/api/events/{id}/fetchById", Access::SignedIn),
    ("POST", "/api/events/create-event", Access::Admin),
    ("PUT", "/api/events/{id}/update-event", Access::Admin),
    ("DELETE", "/api/events/{id}/delete-event", Access::Admin),
    ("POST", "/api/bookings/create-booking", Access::Customer),
    (
        "DELETE",
        "/api/bookings/{bookingId}/cancel-booking",
        Access::Customer,
    ),
    (
        "GET",
        "/api/bookings/my-bookings/paginate",
        Access::Customer,
    ),
    ("GET", "/health/live", Access::Anyone),
    ("GET", "/health/ready", Access::Anyone),
];

fn concrete(path: &str) -> String {
    path.replace("{id}", EVENT).replace("{bookingId}", "2")
}

/// The routes that ask for a token.
fn closed() -> impl Iterator<Item = (&'static str, String)> {
    [Access::SignedIn, Access::Customer, Access::Admin]
        .into_iter()
        .flat_map(guarded)
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
    for (method, path) in closed() {
        let answer = api.call(at(method, &path)).await;
        answer.assert_problem(401, "missing_token");
        assert_eq!(answer.header("WWW-Authenticate"), "Bearer", "{path}");
    }
}

#[actix_web::test]
async fn with_an_invalid_token_nobody_gets_in() {
    let api = Mocks::new().api();
    for (method, path) in closed().chain(guarded(Access::Gated)) {
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
async fn each_role_gets_in_where_it_is_promised_and_nowhere_else() {
    let api = Mocks::new().api();
    let none: &[Access] = &[];
    for (token, shut) in [
        (ADMIN, none),
        (USER, &[Access::Admin]),
        (STAFF, &[Access::Admin, Access::Customer]),
    ] {
        for (method, path, access) in PROMISED {
            let request = at(method, &concrete(path)).insert_header(token);
            let answer = api.call(request).await;
            if shut.contains(access) {
                answer.assert_problem(403, "forbidden");
            } else {
                // What the mocked use cases make of it does not matter here.
                assert!(!matches!(answer.status.as_u16(), 401 | 403), "{path}");
            }
        }
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
