//! Who gets past which route: as promised here, as the document says, and as the server does.

use actix_web::test::TestRequest;
use domain::user::Role;
use serde_json::{Map, Value};

use super::harness::{ADMIN, Answer, EVENT, Mocks, STAFF, USER, at, json};
use super::openapi::{document, operations, resolve};
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
    ("GET", "/api/logs/paginate", Access::Admin),
    ("GET", "/api/openapi.json", Access::Anyone),
    ("GET", "/docs", Access::Anyone),
    ("GET", "/docs/", Access::Anyone),
    ("GET", "/docs/{file}", Access::Anyone),
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

/// Who may call; a new role is a new row.
const CALLERS: &[Caller] = &[
    Caller::NoToken,
    Caller::BadToken,
    Caller::Known(Role::User, USER),
    Caller::Known(Role::Staff, STAFF),
    Caller::Known(Role::Admin, ADMIN),
];

#[derive(Debug, Clone, Copy)]
enum Caller {
    NoToken,
    BadToken,
    Known(Role, (&'static str, &'static str)),
}

impl Caller {
    fn sign(self, request: TestRequest) -> TestRequest {
        match self {
            Self::NoToken => request,
            Self::BadToken => request.insert_header(("Authorization", "Bearer expired")),
            Self::Known(_, header) => request.insert_header(header),
        }
    }

    /// The refusal that the document promises this caller, if it does.
    fn refusal(self, operation: &Value) -> Option<(u16, &'static str)> {
        let security = operation["security"].as_array().unwrap();
        let optional = security.iter().any(|one| one == &Value::Object(Map::new()));
        let roles = operation["x-roles"].as_array();
        match self {
            _ if security.is_empty() => None,
            Self::NoToken => (!optional).then_some((401, "missing_token")),
            Self::BadToken => Some((401, "invalid_token")),
            Self::Known(role, _) => roles
                .is_some_and(|roles| !roles.iter().any(|name| name == role.as_str()))
                .then_some((403, "forbidden")),
        }
    }
}

/// The request that the document's own examples make up.
fn example(document: &Value, method: &str, path: &str, operation: &Value) -> TestRequest {
    let parameters = operation["parameters"].as_array().unwrap();
    let path = parameters
        .iter()
        .filter(|parameter| parameter["in"] == "path")
        .fold(path.to_owned(), |path, parameter| {
            let example = &parameter["schema"]["examples"][0];
            let example = example
                .as_str()
                .map_or_else(|| example.to_string(), str::to_owned);
            path.replace(
                &format!("{{{}}}", parameter["name"].as_str().unwrap()),
                &example,
            )
        });
    let Some(body) = operation.get("requestBody") else {
        return at(method, &path);
    };
    let schema = resolve(document, &body["content"]["application/json"]["schema"]);
    let fields: Map<String, Value> = schema["properties"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, field)| (name.clone(), field["examples"][0].clone()))
        .collect();
    json(method, &path, serde_json::to_vec(&fields).unwrap())
}

fn assert_documented(answer: &Answer, operation: &Value, refusal: Option<(u16, &str)>) {
    let status = answer.status.as_str();
    assert!(
        operation["responses"][status].is_object(),
        "{status} is not documented"
    );
    match refusal {
        Some((status, code)) => answer.assert_problem(status, code),
        None => assert!(
            !answer.status.is_client_error() && !answer.status.is_server_error(),
            "{}",
            answer.body
        ),
    }
}

#[actix_web::test]
async fn every_caller_gets_what_the_document_says() {
    let (document, api) = (document(), Mocks::answering().api());
    assert_eq!(CALLERS.len(), Role::ALL.len() + 2, "a role has no row");
    for (method, path, operation) in operations(&document) {
        for caller in CALLERS {
            println!("{method} {path} by {caller:?}");
            let request = caller.sign(example(&document, &method, path, operation));
            let answer = api.call(request).await;
            assert_documented(&answer, operation, caller.refusal(operation));
        }
    }
}

#[actix_web::test]
async fn who_sends_no_token_is_told_how_to() {
    let api = Mocks::new().api();
    for (method, path) in closed() {
        let answer = api.call(at(method, &path)).await;
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
