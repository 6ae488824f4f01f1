//! What clients and operators write into an event.

use domain::event::{EventChange, EventRepository, Metadata, Title};
use domain::stock::{ReserveOutcome, StockRepository};
use domain::time::Timestamp;
use mongodb::bson::doc;

use crate::make::{Store, reservation};

#[tokio::test(flavor = "multi_thread")]
async fn what_looks_like_an_expression_stays_what_it_is() {
    let store = Store::new().await;
    let event = store.event(5).await;
    let metadata = r#"{"z":"$$ROOT","a":{"n":[1,1.0,-0.5,9223372036854775807],"":{"x":"$sv"}}}"#;
    let change = EventChange {
        title: Some(Title::parse("$date").unwrap()),
        metadata: Some(Metadata::parse(metadata).unwrap()),
        ..EventChange::default()
    };
    store
        .events
        .update(event, &change, Timestamp::from_millis(0))
        .await
        .unwrap();
    let found = store.events.find(event).await.unwrap().unwrap();
    assert_eq!(found.title.as_str(), "$date");
    assert_eq!(
        serde_json::to_string(found.metadata.as_map()).unwrap(),
        metadata
    );
    let document = store.document(event).await;
    assert_eq!(document.get_str("title").unwrap(), "$date");
    assert_eq!(
        document.get_i64("sv").unwrap(),
        0,
        "a change of text moves no stock"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_a_shell_wrote_are_understood() {
    let store = Store::new().await;
    let event = store.event(5).await;
    let set = doc! {
        "totalTickets": 8.0, "availableTickets": 8.0,
        "stock.general": { "total": 8.0, "available": 8, "returned": 0.0 },
    };
    store.edit(event, set).await.unwrap();
    let wish = reservation(event, 3);
    let hold = wish.hold_ref();
    assert_eq!(store.reserve(vec![wish]).await, [ReserveOutcome::Granted]);
    let found = store.events.find(event).await.unwrap().unwrap();
    assert_eq!((found.total_tickets, found.available_tickets), (8, 5));
    store.stock.release(&[hold]).await.unwrap();
    let found = store.events.find(event).await.unwrap().unwrap();
    assert_eq!((found.total_tickets, found.available_tickets), (8, 8));
}
