//! The `Idempotency-Key` of every request that changes something.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use domain::booking::{BookingStatus, CancelError};
use domain::event::{CreateEventError, DeleteEventError, UpdateError};
use domain::idempotency::{Done, Fingerprint, KeyError, KeyUse};
use domain::user::ManageUserError;

use super::harness::*;
use crate::router::endpoints;

const CREATE: &str = "/api/events/create-event";
const UPDATE: &str = "/api/events/507f1f77bcf86cd799439011/update-event";
const DELETE: &str = "/api/events/507f1f77bcf86cd799439011/delete-event";
const CANCEL: &str = "/api/bookings/2/cancel-booking";
const SET_ROLE: &str = "/api/users/7/set-role";
const DELETE_USER: &str = "/api/users/7/delete-user";
const DETAILS: &str = r#"{"title":"T","description":"","date":"2030-01-01T00:00:00Z","location":"L","totalTickets":5}"#;

/// Each of them, with its body.
const REQUESTS: [(&str, &str, &str); 6] = [
    ("POST", CREATE, DETAILS),
    ("PUT", UPDATE, r#"{"title":"New"}"#),
    ("DELETE", DELETE, ""),
    ("DELETE", CANCEL, ""),
    ("PUT", SET_ROLE, r#"{"role":"staff"}"#),
    ("DELETE", DELETE_USER, ""),
];

/// A route that changes something and takes no key would be missing in the list above.
#[test]
fn every_change_is_in_the_list() {
    let changes = endpoints().into_iter().filter(|endpoint| {
        let areas = ["/api/events", "/api/bookings", "/api/users"];
        let is_in = |area: &&str| endpoint.path.starts_with(*area);
        endpoint.method != Method::GET && areas.iter().any(is_in)
    });
    // The booking has tests of its own.
    assert_eq!(changes.count(), REQUESTS.len() + 1);
}

fn request(method: &str, path: &str, body: &str, key: &str) -> TestRequest {
    let request = match body {
        "" => at(method, path),
        body => json(method, path, body),
    };
    let request = request.insert_header(ADMIN);
    request.insert_header(("Idempotency-Key", key))
}

/// Whether the key came through with what the request asks for.
fn is_key_of(key: Option<&KeyUse>, method: &str, path: &str, body: &str) -> bool {
    let used = key.unwrap();
    used.key.as_str() == "the-key"
        && used.fingerprint == Fingerprint::of_request(method, path, body)
}

/// Use cases that find each request done before, if it comes with its key.
fn all_done_before() -> Mocks {
    let mut mocks = Mocks::new();
    let (create, update, delete) = (REQUESTS[0], REQUESTS[1], REQUESTS[2]);
    let (cancel, set_role, delete_user) = (REQUESTS[3], REQUESTS[4], REQUESTS[5]);
    mocks
        .events
        .expect_create()
        .withf(move |_, _, key, _| is_key_of(key.as_ref(), create.0, create.1, create.2))
        .returning(|_, _, _, _| Ok(Done::before(event())));
    mocks
        .events
        .expect_update()
        .withf(move |_, _, _, _, key, _| is_key_of(key.as_ref(), update.0, update.1, update.2))
        .returning(|_, _, _, _, _, _| Ok(Done::before(event())));
    mocks
        .events
        .expect_delete()
        .withf(move |_, _, _, key, _| is_key_of(key.as_ref(), delete.0, delete.1, delete.2))
        .returning(|_, _, _, _, _| Ok(Done::before(())));
    mocks
        .bookings
        .expect_cancel()
        .withf(move |_, _, key, _| is_key_of(key.as_ref(), cancel.0, cancel.1, cancel.2))
        .returning(|_, _, _, _| {
            let status = BookingStatus::Cancelled { at: moment() };
            Ok(Done::before(booking(status)))
        });
    mocks
        .users
        .expect_set_role()
        .withf(move |_, _, _, key, _| is_key_of(key.as_ref(), set_role.0, set_role.1, set_role.2))
        .returning(|_, _, _, _, _| Ok(Done::before(user(USER_IDENTITY))));
    mocks
        .users
        .expect_delete()
        .withf(move |_, _, key, _| {
            is_key_of(key.as_ref(), delete_user.0, delete_user.1, delete_user.2)
        })
        .returning(|_, _, _, _| Ok(Done::before(())));
    mocks
}

#[actix_web::test]
async fn an_earlier_answer_says_so_on_every_route() {
    let api = all_done_before().api();
    for (method, path, body) in REQUESTS {
        let answer = api.call(request(method, path, body, "the-key")).await;
        let status = match (method, path) {
            ("POST", _) => 201,
            ("DELETE", CANCEL) | ("PUT", _) => 200,
            _ => 204,
        };
        assert_eq!(answer.status, status, "{path}");
        assert_eq!(answer.header("Idempotent-Replayed"), "true", "{path}");
    }
}

#[actix_web::test]
async fn a_key_of_another_form_is_refused_on_every_route() {
    for (method, path, body) in REQUESTS {
        for key in ["", "a b", "\u{fc}", &"x".repeat(256)] {
            let answer = Mocks::new()
                .api()
                .call(request(method, path, body, key))
                .await;
            answer.assert_problem(422, "validation_failed");
            assert_eq!(
                answer.body["errors"][0]["field"], "Idempotency-Key",
                "{path}"
            );
        }
        let twice = request(method, path, body, "a").append_header(("Idempotency-Key", "b"));
        let answer = Mocks::new().api().call(twice).await;
        answer.assert_problem(422, "validation_failed");
    }
}

#[actix_web::test]
async fn what_is_wrong_with_headers_and_body_is_told_together() {
    let request = request("PUT", UPDATE, r#"{"title":""}"#, "a b");
    let request = request.insert_header(("If-Match", "no tag"));
    let answer = Mocks::new().api().call(request).await;
    answer.assert_problem(422, "validation_failed");
    let errors = answer.body["errors"].as_array().unwrap();
    let fields: Vec<&str> = errors
        .iter()
        .map(|e| e["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["title", "If-Match", "Idempotency-Key"]);
    let request = at("DELETE", DELETE).insert_header(ADMIN);
    let request = request.insert_header(("If-Match", "no tag"));
    let answer = Mocks::new()
        .api()
        .call(request.insert_header(("Idempotency-Key", "")))
        .await;
    assert_eq!(answer.body["errors"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_key_in_use_and_a_key_of_another_request_have_their_codes() {
    for (error, status, code) in [
        (KeyError::InProgress, 409, "idempotency_in_progress"),
        (KeyError::Mismatch, 422, "idempotency_mismatch"),
    ] {
        let mut mocks = Mocks::new();
        let (create, update, delete) = (
            move |_, _, _, _: &_| Err(CreateEventError::Key(error)),
            move |_, _, _, _, _, _: &_| Err(UpdateError::Key(error)),
            move |_, _, _, _, _: &_| Err(DeleteEventError::Key(error)),
        );
        mocks.events.expect_create().returning(create);
        mocks.events.expect_update().returning(update);
        mocks.events.expect_delete().returning(delete);
        let cancel = move |_, _, _, _: &_| Err(CancelError::Key(error));
        mocks.bookings.expect_cancel().returning(cancel);
        let set_role = move |_, _, _, _, _: &_| Err(ManageUserError::Key(error));
        mocks.users.expect_set_role().returning(set_role);
        let delete_user = move |_, _, _, _: &_| Err(ManageUserError::Key(error));
        mocks.users.expect_delete().returning(delete_user);
        let api = mocks.api();
        for (method, path, body) in REQUESTS {
            let answer = api.call(request(method, path, body, "the-key")).await;
            answer.assert_problem(status, code);
            let waits = error == KeyError::InProgress;
            assert_eq!(answer.header("Retry-After"), if waits { "1" } else { "" });
        }
    }
}
