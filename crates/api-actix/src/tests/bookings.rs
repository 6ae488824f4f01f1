//! `/api/bookings`.

use domain::booking::{BookError, BookingStatus, BookingWithEvent, CancelError, Quantity};
use domain::event::EventSummary;
use domain::idempotency::{Done, KeyError};
use domain::page::{Page, PageRequest};
use serde_json::json;

use super::harness::{EVENT, Mocks, USER, USER_IDENTITY, at, booking, event, json, moment};

const PATH: &str = "/api/bookings/create-booking";

fn body() -> String {
    format!(r#"{{"eventId":"{EVENT}"}}"#)
}

#[actix_web::test]
async fn one_ticket_is_booked_unless_said_otherwise() {
    let mut mocks = Mocks::new();
    mocks
        .bookings
        .expect_book()
        .withf(|wish, by, _| {
            wish.event_id.to_string() == EVENT
                && wish.quantity == Quantity::ONE
                && wish.key.is_none()
                && *by == USER_IDENTITY
        })
        .once()
        .returning(|_, _, _| Ok(Done::now(booking(BookingStatus::Confirmed))));
    let request = json("POST", PATH, body()).insert_header(USER);
    let answer = mocks.api().call(request).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("Idempotent-Replayed"), "");
    assert_eq!(
        answer.body,
        json!({
            "id": 2,
            "eventId": EVENT,
            "userId": 7,
            "quantity": 3,
            "status": "confirmed",
            "createdAt": "2024-12-31T10:00:00.000Z",
        })
    );
}

#[actix_web::test]
async fn a_key_is_passed_on_and_a_replay_says_so() {
    let mut mocks = Mocks::new();
    mocks
        .bookings
        .expect_book()
        .withf(|wish, _, _| wish.key.as_ref().unwrap().as_str() == "order-1")
        .once()
        .returning(|_, _, _| Ok(Done::before(booking(BookingStatus::Confirmed))));
    let request = json("POST", PATH, body())
        .insert_header(USER)
        .insert_header(("Idempotency-Key", "order-1"));
    let answer = mocks.api().call(request).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("Idempotent-Replayed"), "true");
}

#[actix_web::test]
async fn what_is_no_key_is_an_invalid_field() {
    let api = Mocks::new().api();
    let long = "x".repeat(256);
    for keys in [&["a b"][..], &[""], &["\u{e9}"], &[&long], &["a", "a"]] {
        let request = keys.iter().fold(
            json("POST", PATH, r#"{"quantity":0}"#).insert_header(USER),
            |request, key| request.append_header(("Idempotency-Key", *key)),
        );
        let answer = api.call(request).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(
            answer.fields(),
            ["eventId", "quantity", "Idempotency-Key"],
            "{keys:?}"
        );
    }
}

#[actix_web::test]
async fn an_event_id_of_a_wrong_form_is_an_event_that_is_not_there() {
    let api = Mocks::new().api();
    for id in ["", "x", "507f1f77bcf86cd79943901", "\\u0000", "$gt"] {
        let body = format!(r#"{{"eventId":"{id}"}}"#);
        let request = json("POST", PATH, body).insert_header(USER);
        api.call(request)
            .await
            .assert_problem(404, "event_not_found");
    }
}

#[actix_web::test]
async fn refused_bookings_have_their_codes() {
    for (error, status, code) in [
        (BookError::EventNotFound, 404, "event_not_found"),
        (BookError::EventEnded, 409, "event_ended"),
        (BookError::SoldOut, 409, "sold_out"),
        (
            BookError::Key(KeyError::InProgress),
            409,
            "idempotency_in_progress",
        ),
        (
            BookError::Key(KeyError::Mismatch),
            422,
            "idempotency_mismatch",
        ),
        (BookError::UserGone, 401, "invalid_token"),
    ] {
        let mut mocks = Mocks::new();
        let refuse = mocks.bookings.expect_book();
        refuse.return_once(move |_, _, _| Err(error));
        let request = json("POST", PATH, body()).insert_header(USER);
        let answer = mocks.api().call(request).await;
        answer.assert_problem(status, code);
        let waits = code == "idempotency_in_progress";
        assert_eq!(answer.header("Retry-After"), if waits { "1" } else { "" });
    }
}

#[actix_web::test]
async fn a_cancelled_booking_is_shown() {
    let mut mocks = Mocks::new();
    let cancelled = BookingStatus::Cancelled { at: moment() };
    mocks
        .bookings
        .expect_cancel()
        .withf(|id, by, key, _| id.get() == 2 && key.is_none() && *by == USER_IDENTITY)
        .returning(move |_, _, _, _| Ok(Done::now(booking(cancelled))));
    let request = at("DELETE", "/api/bookings/2/cancel-booking").insert_header(USER);
    let answer = mocks.api().call(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["status"], "cancelled");
    assert_eq!(answer.body["cancelledAt"], "2024-12-31T10:00:00.000Z");
}

#[actix_web::test]
async fn refused_cancellations_have_their_codes() {
    for (error, status, code) in [
        (CancelError::NotFound, 404, "booking_not_found"),
        (CancelError::AlreadyCancelled, 409, "already_cancelled"),
    ] {
        let mut mocks = Mocks::new();
        let refuse = mocks.bookings.expect_cancel();
        refuse.return_once(move |_, _, _, _| Err(error));
        let request = at("DELETE", "/api/bookings/2/cancel-booking").insert_header(USER);
        mocks.api().call(request).await.assert_problem(status, code);
    }
}

#[actix_web::test]
async fn the_callers_bookings_come_with_their_events() {
    let mut mocks = Mocks::new();
    mocks
        .bookings
        .expect_list_mine()
        .withf(|user, page| {
            *user == USER_IDENTITY.user_id && *page == PageRequest::new(1, 10).unwrap()
        })
        .returning(|_, _| {
            let event = event();
            let summary = EventSummary {
                id: event.id,
                title: event.title,
                date: event.date,
                location: event.location,
            };
            let row = |event| BookingWithEvent {
                booking: booking(BookingStatus::Confirmed),
                event,
            };
            Ok(Page {
                rows: vec![row(Some(summary)), row(None)],
                total: 2,
            })
        });
    let request = at("GET", "/api/bookings/my-bookings/paginate").insert_header(USER);
    let answer = mocks.api().call(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body["data"][0]["event"],
        json!({
            "title": "Tech Conference 2024",
            "date": "2024-12-31T10:00:00.000Z",
            "location": "NYC",
        })
    );
    assert!(answer.body["data"][1].get("event").is_none());
    assert_eq!(
        answer.body["pagination"],
        json!({"page": 1, "limit": 10, "total": 2, "totalPages": 1})
    );
    let link =
        |relation: &str| format!("</api/bookings/my-bookings/paginate?page=1>; rel=\"{relation}\"");
    assert_eq!(
        answer.header("Link"),
        [link("first"), link("last")].join(", ")
    );
}
