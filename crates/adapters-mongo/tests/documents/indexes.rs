//! Which indexes the server uses, by its own account of the very calls.

use std::time::Duration;

use domain::event::{EventRepository, ExpectedRevision};
use domain::page::PageRequest;
use domain::stock::StockRepository;
use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};

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
    let page = store
        .events
        .list(PageRequest::new(1, 10).unwrap())
        .await
        .unwrap();
    profile(&store, 0).await;
    assert_eq!((page.rows.len(), page.total), (10, 30));
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
