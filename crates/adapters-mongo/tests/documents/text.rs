//! What clients and operators write into an event.

use domain::event::{
    EventChange, EventRepository, ExpectedRevision, Metadata, Revision, Title, UpdateEventError,
};
use domain::stock::{ClosingState, DeleteOutcome, ReserveOutcome, StockRepository};
use mongodb::bson::{Document, doc};

use crate::make::{Store, by_id, edit, reservation, token};

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
        .update(event, &edit(&change, ExpectedRevision::Any))
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

/// An event as it was stored before edits were counted.
async fn old_event(store: &Store) -> domain::event::EventId {
    let event = store.event(5).await;
    let events = store.database.raw.collection::<Document>("events");
    let unset = doc! { "$unset": { "revision": "" } };
    events.update_one(by_id(event), unset).await.unwrap();
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_from_before_edits_were_counted_is_at_its_first_revision() {
    let store = Store::new().await;
    let event = old_event(&store).await;
    let found = store.events.find(event).await.unwrap().unwrap();
    assert_eq!(found.version.revision, Revision::FIRST);
    let only = |number| ExpectedRevision::OneOf(vec![Revision::new(number).unwrap()]);
    let change = EventChange {
        title: Some(Title::parse("New").unwrap()),
        ..EventChange::default()
    };
    let refused = store.events.update(event, &edit(&change, only(2))).await;
    assert!(matches!(refused, Err(UpdateEventError::Outdated)));
    let edited = store.events.update(event, &edit(&change, only(1))).await;
    let edited = edited.unwrap();
    assert_eq!(edited.before, found);
    assert_eq!(edited.after.version.revision.get(), 2);
    assert_eq!(store.document(event).await.get_i64("revision").unwrap(), 2);
    let (old, token) = (old_event(&store).await, token());
    let state = store.stock.close(old, token, &only(1)).await.unwrap();
    assert_eq!(state, ClosingState::Clear);
    let outcome = store.stock.delete_closed(old, token, &only(1), None).await;
    assert!(matches!(outcome.unwrap(), DeleteOutcome::Deleted(_)));
}
