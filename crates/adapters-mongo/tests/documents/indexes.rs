//! Which indexes the server uses, by its own account of the very calls.

use std::time::Duration;

use domain::cursor::{Moment, Start};
use domain::event::{EventFilter, EventOrder, EventQuery, EventRepository, ExpectedRevision, Tag};
use domain::stock::StockRepository;
use domain::time::Timestamp;
use futures_util::TryStreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, doc};

use crate::make::{Store, reservation, token};

/// The calls since `profile` began: how the server found the documents, and how many it looked at.
async fn plans(store: &Store) -> Vec<(String, i64)> {
    let profile = store.database.raw.collection::<Document>("system.profile");
    let events = format!("{}.events", store.database.raw.name());
    let cursor = profile
        .find(doc! { "ns": events })
        .sort(doc! { "ts": 1 })
        .await
        .unwrap();
    let entries: Vec<Document> = cursor.try_collect().await.unwrap();
    entries.iter().map(plan).collect()
}

fn plan(entry: &Document) -> (String, i64) {
    let examined = match entry.get("docsExamined") {
        Some(Bson::Int32(count)) => i64::from(*count),
        Some(Bson::Int64(count)) => *count,
        other => panic!("{other:?} documents examined"),
    };
    (entry.get_str("planSummary").unwrap().to_owned(), examined)
}

async fn profile(store: &Store, level: i32) {
    store
        .database
        .raw
        .run_command(doc! { "profile": level })
        .await
        .unwrap();
}

/// A store of thirty events of which two have holds and one is being deleted.
async fn store_of_thirty() -> Store {
    let store = Store::new().await;
    let mut events = Vec::new();
    for _ in 0..30 {
        events.push(store.event(5).await);
    }
    store
        .reserve(vec![reservation(events[3], 1), reservation(events[17], 1)])
        .await;
    store
        .stock
        .close(events[20], token(), &ExpectedRevision::Any)
        .await
        .unwrap();
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_and_closings_are_found_by_their_indexes() {
    let store = store_of_thirty().await;
    profile(&store, 2).await;
    assert_eq!(
        store
            .stock
            .stale_holds(Duration::ZERO, 100)
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        store
            .stock
            .stale_closings(Duration::ZERO, 100)
            .await
            .unwrap()
            .len(),
        1
    );
    profile(&store, 0).await;
    let expected = [
        ("IXSCAN { held: 1 }".to_owned(), 2),
        ("IXSCAN { closing.at: 1 }".to_owned(), 1),
    ];
    assert_eq!(plans(&store).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_reads_its_rows_and_the_total_reads_none() {
    let store = store_of_thirty().await;
    profile(&store, 2).await;
    let all = EventQuery::default();
    let listed = store.events.list(&all, Start::Offset(0), 10).await.unwrap();
    let total = store.events.count(&all.filter).await.unwrap();
    profile(&store, 0).await;
    assert_eq!((listed.len(), total), (10, 30));
    let rows = ("IXSCAN { date: 1, _id: 1 }".to_owned(), 10);
    let plans = plans(&store).await;
    assert!(plans.contains(&rows), "{plans:?}");
    let counts: Vec<_> = plans.iter().filter(|plan| **plan != rows).collect();
    assert!(!counts.is_empty());
    assert!(counts.iter().all(|count| count.1 == 0), "{counts:?}");
    assert!(
        counts.iter().any(|count| count.0.contains("{ _id: 1 }")),
        "{counts:?}"
    );
}

/// The moment of the first event of a long list; one follows every second, and every third has the tag.
const FIRST: i64 = 1_735_689_600_000;

/// A store of `count` events.
async fn store_of(count: i32) -> Store {
    let store = Store::new().await;
    let model = store.event(5).await;
    let events = store.database.raw.collection::<Document>("events");
    let model = doc! { "_id": ObjectId::from_bytes(model.bytes()) };
    let mut model = events.find_one_and_delete(model).await.unwrap().unwrap();
    let copies = (0..count).map(|n| {
        model.insert("_id", ObjectId::new());
        model.insert("date", DateTime::from_millis(FIRST + i64::from(n) * 1_000));
        let tags = if n % 3 == 0 {
            vec!["x", "rock"]
        } else {
            vec!["y"]
        };
        model.insert("metadata", doc! { "tags": tags });
        model.clone()
    });
    let copies: Vec<Document> = copies.collect();
    events.insert_many(copies).await.unwrap();
    store
}

/// The documents and the index of a page of ten, behind the event of that number.
async fn page_behind(
    store: &Store,
    filter: EventFilter,
    order: EventOrder,
    n: i64,
) -> (String, i64) {
    let after = Moment {
        at: Timestamp::from_millis(FIRST + n * 1_000),
        id: [0x80; 12],
    };
    let query = EventQuery { filter, order };
    profile(store, 2).await;
    let page = store.events.list(&query, Start::After(after), 10);
    assert_eq!(page.await.unwrap().len(), 10);
    profile(store, 0).await;
    let mut plans = plans(store).await;
    let profile = store.database.raw.collection::<Document>("system.profile");
    profile.drop().await.unwrap();
    assert_eq!(plans.len(), 1, "{plans:?}");
    plans.remove(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_by_cursor_costs_the_same_wherever_it_is() {
    let (small, large) = (store_of(100).await, store_of(20_000).await);
    let tagged = || EventFilter {
        tag: Some(Tag::parse("rock").unwrap()),
        ..EventFilter::default()
    };
    let within = || EventFilter {
        from: Some(Timestamp::from_millis(FIRST)),
        to: Some(Timestamp::from_millis(FIRST + 100_000_000)),
        ..EventFilter::default()
    };
    let (by_date, by_tag) = (
        "{ date: 1, _id: 1 }",
        "{ metadata.tags: 1, date: 1, _id: 1 }",
    );
    for (filter, index) in [
        (EventFilter::default(), by_date),
        (within(), by_date),
        (tagged(), by_tag),
    ] {
        for order in EventOrder::ALL {
            let near = page_behind(&small, filter.clone(), order, 50).await;
            for n in [100, 10_000, 19_000] {
                let deep = page_behind(&large, filter.clone(), order, n).await;
                assert!(deep.0.contains(index), "{deep:?}");
                assert_eq!(deep.1, near.1, "{order:?} {n}");
                assert!(deep.1 <= 12, "{deep:?}");
            }
        }
    }
}
