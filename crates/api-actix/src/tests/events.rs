//! `/api/events`.

use domain::event::{
    DeleteEventError, EventChange, ExpectedRevision, Revision, Title, UpdateError,
};
use domain::idempotency::Done;
use serde_json::json;

use super::harness::{ADMIN, ADMIN_IDENTITY, EVENT, Mocks, USER, at, event, json};

const BODY: &str = r#"{"title":"T","description":"","date":"2024-12-31T10:00:00Z",
    "location":"L","totalTickets":500,"metadata":{"z":1,"a":[1.50,{"b":null}]}}"#;

/// The version of the event that the mocks answer with.
const TAG: &str = "\"3.14\"";

#[actix_web::test]
async fn an_event_is_made_and_located() {
    let mut mocks = Mocks::new();
    mocks
        .events
        .expect_create()
        .withf(|details, by, key, _| {
            key.is_none()
                && *by == ADMIN_IDENTITY
                && details.capacity.get() == 500
                && serde_json::to_string(details.metadata.as_map()).unwrap()
                    == r#"{"z":1,"a":[1.5,{"b":null}]}"#
        })
        .once()
        .returning(|_, _, _, _| Ok(Done::now(event())));
    let request = json("POST", "/api/events/create-event", BODY).insert_header(ADMIN);
    let answer = mocks.api().call(request).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("ETag"), TAG);
    assert_eq!(
        answer.header("Location"),
        format!("/api/events/{EVENT}/fetchById")
    );
    assert_eq!(
        answer.body,
        json!({
            "id": EVENT,
            "title": "Tech Conference 2024",
            "description": "",
            "date": "2024-12-31T10:00:00.000Z",
            "location": "NYC",
            "totalTickets": 500,
            "availableTickets": 499,
            "metadata": {"tags": ["tech"], "a": -0.5},
            "createdBy": 1,
            "createdAt": "2024-12-31T10:00:00.000Z",
            "updatedAt": "2024-12-31T10:00:00.000Z",
        })
    );
}

#[actix_web::test]
async fn a_change_has_what_the_body_names_and_nothing_else() {
    let mut mocks = Mocks::new();
    mocks
        .events
        .expect_update()
        .withf(|id, change, expected, by, _, _| {
            let titled = EventChange {
                title: Some(Title::parse("New").unwrap()),
                ..EventChange::default()
            };
            id.to_string() == EVENT
                && *change == titled
                && *expected == ExpectedRevision::Any
                && *by == ADMIN_IDENTITY
        })
        .once()
        .returning(|_, _, _, _, _, _| Ok(Done::now(event())));
    let path = format!("/api/events/{EVENT}/update-event");
    let request = json("PUT", &path, r#"{"title":"New"}"#).insert_header(ADMIN);
    let answer = mocks.api().call(request).await;
    assert_eq!((answer.status.as_u16(), answer.header("ETag")), (200, TAG));
}

#[actix_web::test]
async fn refused_changes_have_their_codes() {
    for (error, status, code) in [
        (UpdateError::NotFound, 404, "event_not_found"),
        (UpdateError::CapacityBelowSold, 409, "capacity_below_sold"),
        (UpdateError::Outdated, 412, "precondition_failed"),
    ] {
        let mut mocks = Mocks::new();
        let refuse = mocks.events.expect_update();
        refuse.return_once(move |_, _, _, _, _, _| Err(error));
        let path = format!("/api/events/{EVENT}/update-event");
        let request = json("PUT", &path, r#"{"totalTickets":1}"#).insert_header(ADMIN);
        mocks.api().call(request).await.assert_problem(status, code);
    }
}

#[actix_web::test]
async fn a_deleted_event_leaves_no_body() {
    let mut mocks = Mocks::new();
    mocks
        .events
        .expect_delete()
        .returning(|_, _, _, _, _| Ok(Done::now(())));
    let path = format!("/api/events/{EVENT}/delete-event");
    let answer = mocks
        .api()
        .call(at("DELETE", &path).insert_header(ADMIN))
        .await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("Content-Type"), "");
}

#[actix_web::test]
async fn refused_deletions_have_their_codes() {
    for (error, status, code) in [
        (DeleteEventError::NotFound, 404, "event_not_found"),
        (DeleteEventError::HasBookings, 409, "event_has_bookings"),
        (DeleteEventError::Outdated, 412, "precondition_failed"),
    ] {
        let mut mocks = Mocks::new();
        let refuse = mocks.events.expect_delete();
        refuse.return_once(move |_, _, _, _, _| Err(error));
        let path = format!("/api/events/{EVENT}/delete-event");
        let request = at("DELETE", &path).insert_header(ADMIN);
        mocks.api().call(request).await.assert_problem(status, code);
    }
}

#[actix_web::test]
async fn an_event_is_found_or_not() {
    for (found, status) in [(Some(event()), 200), (None, 404)] {
        let mut mocks = Mocks::new();
        mocks.events.expect_fetch().return_once(move |_| Ok(found));
        let path = format!("/api/events/{}/fetchById", EVENT.to_uppercase());
        let answer = mocks.api().call(at("GET", &path).insert_header(USER)).await;
        assert_eq!(answer.status, status);
    }
}

#[actix_web::test]
async fn who_has_the_event_already_gets_no_body() {
    for (tags, status) in [
        ("\"3.14\"", 304),
        ("*", 304),
        ("\"3.13\"", 200),
        ("nonsense", 200),
    ] {
        let mut mocks = Mocks::new();
        let fetch = mocks.events.expect_fetch();
        fetch.return_once(move |_| Ok(Some(event())));
        let path = format!("/api/events/{EVENT}/fetchById");
        let request = at("GET", &path).insert_header(USER);
        let answer = mocks
            .api()
            .call(request.insert_header(("If-None-Match", tags)))
            .await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("ETag")),
            (status, TAG)
        );
        assert_eq!(answer.body.is_null(), status == 304, "{tags}");
        assert_eq!(answer.header("Content-Type").is_empty(), status == 304);
    }
}

#[actix_web::test]
async fn edits_and_deletions_say_which_revision_they_mean() {
    let mut mocks = Mocks::new();
    let third = || ExpectedRevision::OneOf(vec![Revision::new(3).unwrap()]);
    let update = mocks.events.expect_update().once();
    update
        .withf(move |_, _, expected, _, _, _| *expected == third())
        .returning(|_, _, _, _, _, _| Ok(Done::now(event())));
    let delete = mocks.events.expect_delete().once();
    delete
        .withf(move |_, expected, _, _, _| *expected == third())
        .returning(|_, _, _, _, _| Ok(Done::now(())));
    let api = mocks.api();
    let path = format!("/api/events/{EVENT}/update-event");
    let request = json("PUT", &path, r#"{"title":"New"}"#).insert_header(ADMIN);
    let answer = api.call(request.insert_header(("If-Match", TAG))).await;
    assert_eq!(answer.status, 200);
    let path = format!("/api/events/{EVENT}/delete-event");
    let request = at("DELETE", &path).insert_header(ADMIN);
    let answer = api.call(request.insert_header(("If-Match", TAG))).await;
    assert_eq!(answer.status, 204);
}

#[actix_web::test]
async fn an_unreadable_if_match_is_never_passed_over() {
    let api = Mocks::new().api();
    for (method, name) in [("PUT", "update-event"), ("DELETE", "delete-event")] {
        let path = format!("/api/events/{EVENT}/{name}");
        let request = json(method, &path, r#"{"title":"New"}"#).insert_header(ADMIN);
        let answer = api.call(request.insert_header(("If-Match", "3.14"))).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["If-Match"]);
    }
}
