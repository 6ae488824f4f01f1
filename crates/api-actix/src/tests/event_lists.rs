//! `GET /api/events/paginate`.

use domain::cursor::{self, Moment, Start, Stretch};
use domain::event::{EventFilter, EventList, EventOrder, EventQuery, Tag};
use domain::page::PageSize;
use domain::search::SearchWords;
use domain::time::Timestamp;
use serde_json::json;

use super::harness::{Answer, EVENT, Mocks, USER, at, event};

const PATH: &str = "/api/events/paginate";

fn place() -> Moment {
    event().position()
}

fn found(next: Option<Moment>, total: Option<u64>) -> EventList {
    let rows = vec![event()];
    EventList {
        events: Stretch { rows, next },
        total,
    }
}

async fn get(mocks: Mocks, query: &str) -> Answer {
    let request = at("GET", &format!("{PATH}{query}")).insert_header(USER);
    mocks.api().call(request).await
}

#[actix_web::test]
async fn a_page_says_where_it_stands() {
    let mut mocks = Mocks::new();
    mocks
        .events
        .expect_list()
        .withf(|query, start, size| {
            let all = *query == EventQuery::default();
            all && *start == Start::Offset(5) && *size == PageSize::new(5).unwrap()
        })
        .return_once(|_, _, _| Ok(found(Some(place()), Some(16))));
    let answer = get(mocks, "?page=2&limit=5").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["data"][0]["id"], EVENT);
    let next = cursor::write(&EventQuery::default().scope(), &place());
    assert_eq!(
        answer.body["pagination"],
        json!({"page": 2, "limit": 5, "total": 16, "totalPages": 4, "nextCursor": next})
    );
    let link =
        |page: u64, relation: &str| format!("<{PATH}?limit=5&page={page}>; rel=\"{relation}\"");
    let links = [
        link(1, "first"),
        link(1, "prev"),
        link(3, "next"),
        link(4, "last"),
    ];
    assert_eq!(answer.header("Link"), links.join(", "));
}

#[actix_web::test]
async fn every_filter_is_read_and_the_cursor_is_of_that_list() {
    let wanted = || EventQuery {
        filter: EventFilter {
            search: Some(SearchWords::parse("café open").unwrap()),
            from: Some(Timestamp::parse("2030-01-01T00:00:00Z").unwrap()),
            to: Some(Timestamp::parse("2030-02-01T00:00:00+02:00").unwrap()),
            tag: Some(Tag::parse("Jazz").unwrap()),
            available: true,
        },
        order: EventOrder::LatestFirst,
    };
    let mut mocks = Mocks::new();
    mocks
        .events
        .expect_list()
        .withf(move |query, start, size| {
            *query == wanted() && *start == Start::After(place()) && size.get() == 100
        })
        .return_once(|_, _, _| Ok(found(None, None)));
    let cursor = cursor::write(&wanted().scope(), &place());
    let filters = "q=caf%C3%A9+open&from=2030-01-01T00%3A00%3A00Z&to=2030-02-01T00%3A00%3A00%2B02%3A00\
                   &tag=Jazz&available=true&sort=-date&limit=100";
    let answer = get(mocks, &format!("?{filters}&cursor={cursor}")).await;
    assert_eq!(answer.status, 200);
    // Behind a cursor there is no number and no total, and at the end no further cursor.
    assert_eq!(answer.body["pagination"], json!({"limit": 100}));
    let first = format!("<{PATH}?{filters}>; rel=\"first\"");
    assert_eq!(answer.header("Link"), first);
}

#[actix_web::test]
async fn an_empty_cursor_begins_a_walk() {
    let mut mocks = Mocks::new();
    mocks
        .events
        .expect_list()
        .withf(|query, start, _| query.filter.tag.is_some() && *start == Start::First)
        .return_once(|_, _, _| Ok(found(Some(place()), None)));
    let answer = get(mocks, "?tag=a&cursor=").await;
    assert_eq!(answer.status, 200);
    let tag = Some(Tag::parse("a").unwrap());
    let query = EventQuery {
        filter: EventFilter {
            tag,
            ..EventFilter::default()
        },
        ..EventQuery::default()
    };
    let next = cursor::write(&query.scope(), &place());
    assert_eq!(
        answer.body["pagination"],
        json!({"limit": 10, "nextCursor": next})
    );
    let links =
        format!("<{PATH}?tag=a>; rel=\"first\", <{PATH}?tag=a&cursor={next}>; rel=\"next\"");
    assert_eq!(answer.header("Link"), links);
}

#[actix_web::test]
async fn everything_wrong_is_told_at_once() {
    let query = "?q=+&from=now&to=&tag=%00&available=yes&sort=title&page=0&limit=101&filter=x";
    let answer = get(Mocks::new(), query).await;
    answer.assert_problem(422, "validation_failed");
    let fields = [
        "q",
        "from",
        "to",
        "tag",
        "available",
        "sort",
        "page",
        "limit",
        "filter",
    ];
    assert_eq!(answer.fields(), fields);
}

#[actix_web::test]
async fn a_cursor_of_another_list_and_one_with_a_page_are_refused() {
    let cursor = cursor::write(&EventQuery::default().scope(), &place());
    for (query, field) in [
        (format!("?q=x&cursor={cursor}"), "cursor"),
        (format!("?sort=-date&cursor={cursor}"), "cursor"),
        ("?cursor=x".to_owned(), "cursor"),
        (format!("?cursor={}", "A".repeat(2_000)), "cursor"),
        ("?cursor=&cursor=".to_owned(), "cursor"),
        (format!("?page=1&cursor={cursor}"), "page"),
        ("?page=1&cursor=".to_owned(), "page"),
    ] {
        let answer = get(Mocks::new(), &query).await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), [field], "{query}");
    }
}

#[actix_web::test]
async fn the_longest_query_that_is_right_is_taken_and_a_longer_one_refused() {
    let mut mocks = Mocks::new();
    let list = mocks.events.expect_list();
    list.return_once(|_, _, _| Ok(found(Some(place()), Some(99))));
    let longest = "%F0%9F%8E%9F".repeat(100);
    let time = "2030-01-01T00%3A00%3A00.000%2B00%3A00";
    let query = format!(
        "?q={longest}&tag={longest}&from={time}&to={time}&available=false&sort=-date&limit=100&page=1"
    );
    let answer = get(mocks, &query).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("Link").len() < 16 * 1024);
    // Blanks around words say nothing, and every link would repeat them.
    let padded = format!("?q={}x", "+".repeat(3 * 1024));
    let answer = get(Mocks::new(), &padded).await;
    answer.assert_problem(422, "validation_failed");
    assert_eq!(answer.fields(), ["query"]);
}
