//! `/api/logs`.

use domain::audit::{Action, AuditEntry, AuditFilter, AuditId, Outcome, Target};
use domain::cursor::{self, Moment, Stretch};
use domain::page::PageSize;
use domain::time::Timestamp;
use domain::user::UserId;
use serde_json::json;

use super::harness::{ADMIN, Answer, Mocks, at, moment};

const ID: &str = "507f1f77bcf86cd799439012";

pub(super) fn entry() -> AuditEntry {
    let stored = json!({
        "level": "info", "action": "event.update", "outcome": "success", "requestId": "r-1",
        "actor": {"userId": 7, "role": "admin", "address": "192.0.2.1"},
        "target": {"kind": "event", "id": "e"}, "details": {"fields": ["title"]},
    });
    let stored = stored.as_object().unwrap().clone();
    AuditEntry::from_stored(AuditId::parse(ID).unwrap(), moment(), stored)
}

fn place() -> Moment {
    entry().position()
}

async fn get(mocks: Mocks, query: &str) -> Answer {
    let path = format!("/api/logs/paginate{query}");
    let request = at("GET", &path).insert_header(ADMIN);
    mocks.api().call(request).await
}

#[actix_web::test]
async fn a_record_has_its_shape_and_the_page_a_cursor() {
    let mut mocks = Mocks::new();
    mocks
        .logs
        .expect_list()
        .withf(|filter, after, size| {
            *filter == AuditFilter::default()
                && after.is_none()
                && *size == PageSize::new(20).unwrap()
        })
        .return_once(|_, _, _| {
            Ok(Stretch {
                rows: vec![entry()],
                next: Some(place()),
            })
        });
    let answer = get(mocks, "").await;
    assert_eq!(answer.status, 200);
    let next = cursor::write(&AuditFilter::default().scope(), &place());
    let path = "/api/logs/paginate";
    assert_eq!(
        answer.header("Link"),
        format!("<{path}>; rel=\"first\", <{path}?cursor={next}>; rel=\"next\"")
    );
    let expected = json!({
        "data": [{
            "id": ID,
            "at": "2024-12-31T10:00:00.000Z",
            "level": "info",
            "action": "event.update",
            "actor": {"userId": 7, "role": "admin", "address": "192.0.2.1"},
            "target": {"kind": "event", "id": "e"},
            "outcome": "success",
            "requestId": "r-1",
            "details": {"fields": ["title"]},
        }],
        "pagination": {"limit": 20, "nextCursor": next},
    });
    assert_eq!(answer.body, expected);
}

#[actix_web::test]
async fn what_is_not_known_of_a_record_is_left_out() {
    let mut mocks = Mocks::new();
    mocks.logs.expect_list().return_once(|_, _, _| {
        let bare = AuditEntry::from_stored(
            AuditId::from_bytes([0; 12]),
            moment(),
            json!({}).as_object().unwrap().clone(),
        );
        Ok(Stretch {
            rows: vec![bare],
            next: None,
        })
    });
    let answer = get(mocks, "?limit=1").await;
    assert_eq!(answer.body["data"][0]["actor"], json!({}));
    assert_eq!(answer.body["data"][0].get("target"), None);
    assert_eq!(answer.body["pagination"], json!({"limit": 1}));
}

#[actix_web::test]
async fn an_empty_cursor_is_the_beginning() {
    let mut mocks = Mocks::new();
    mocks
        .logs
        .expect_list()
        .withf(|_, after, _| after.is_none())
        .return_once(|_, _, _| {
            Ok(Stretch {
                rows: vec![entry()],
                next: None,
            })
        });
    let answer = get(mocks, "?cursor=").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["pagination"], json!({"limit": 20}));
}

#[actix_web::test]
async fn every_filter_is_read_and_the_cursor_is_of_that_list() {
    let wanted = || AuditFilter {
        actor: Some(UserId::new(7)),
        action: Some(Action::UpdateEvent),
        target: Some(Target::parse("event:abc").unwrap()),
        outcome: Some(Outcome::Success),
        since: Some(Timestamp::parse("2030-01-01T00:00:00Z").unwrap()),
        until: Some(Timestamp::parse("2030-02-01T00:00:00+02:00").unwrap()),
    };
    let mut mocks = Mocks::new();
    mocks
        .logs
        .expect_list()
        .withf(move |filter, after, size| {
            *filter == wanted() && *after == Some(place()) && size.get() == 100
        })
        .once()
        .returning(|_, _, _| {
            Ok(Stretch {
                rows: Vec::new(),
                next: None,
            })
        });
    let cursor = cursor::write(&wanted().scope(), &place());
    let query = format!(
        "?actor=7&action=event.update&target=event:abc&outcome=success&since=2030-01-01T00:00:00Z\
         &until=2030-02-01T00:00:00%2B02:00&limit=100&cursor={cursor}"
    );
    assert_eq!(get(mocks, &query).await.status, 200);
}

#[actix_web::test]
async fn everything_wrong_is_told_at_once() {
    let query = "?actor=0&action=x&target=event&outcome=maybe&since=now&until=&limit=101&page=1";
    let answer = get(Mocks::new(), query).await;
    answer.assert_problem(422, "validation_failed");
    let fields = [
        "actor", "action", "target", "outcome", "since", "until", "limit", "page",
    ];
    assert_eq!(answer.fields(), fields);
    for actor in ["9223372036854775808", "-1", "1.0", "01", "", "me"] {
        let answer = get(Mocks::new(), &format!("?actor={actor}")).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["actor"], "{actor}");
    }
}

#[actix_web::test]
async fn a_cursor_of_another_list_is_refused() {
    let other = cursor::write(&AuditFilter::default().scope(), &place());
    for query in [
        format!("?outcome=success&cursor={other}"),
        "?cursor=x".to_owned(),
        format!("?cursor={}", "A".repeat(2_000)),
        format!("?cursor={other}&cursor={other}"),
    ] {
        let answer = get(Mocks::new(), &query).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["cursor"], "{query}");
    }
}
