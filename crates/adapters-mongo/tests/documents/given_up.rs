//! Changes under a key whose caller gave up in the midst of their transaction.

use std::time::Duration;

use domain::event::{EventChange, EventEdit, EventId, EventRepository, ExpectedRevision, Title};
use domain::idempotency::{Fingerprint, IdempotencyKey, KeyClaim, KeyUse};
use domain::stock::{DeleteOutcome, ReserveOutcome, StockRepository};
use domain::time::Timestamp;
use domain::user::UserId;
use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};
use tokio::time::{sleep, timeout};

use crate::make::{Store, edit, reservation, token};
use crate::relay::Relay;

const GRANTED: ReserveOutcome = ReserveOutcome::Granted;
/// Long enough for a first statement to leave; that it does is no condition of any test.
const A_WHILE: Duration = Duration::from_millis(200);

fn key() -> KeyClaim {
    KeyClaim {
        user_id: UserId::new(1),
        used: KeyUse {
            key: IdempotencyKey::parse("key").unwrap(),
            fingerprint: Fingerprint::of_request("PUT", "/", ""),
        },
        at: Timestamp::from_millis(0),
    }
}

fn titled(title: &str) -> EventEdit {
    let change = EventChange {
        title: Some(Title::parse(title).unwrap()),
        ..EventChange::default()
    };
    EventEdit {
        key: Some(key()),
        ..edit(&change, ExpectedRevision::Any)
    }
}

/// The transactions that the server has open for those who came through the relay.
async fn open_transactions(store: &Store) -> usize {
    let raw = &store.database.raw;
    let admin = raw.client().database("admin");
    let operations = admin.aggregate([
        doc! { "$currentOp": { "allUsers": true, "idleSessions": true } },
        doc! { "$match": { "appName": raw.name(), "transaction": { "$exists": true } } },
    ]);
    let found: Vec<Document> = operations.await.unwrap().try_collect().await.unwrap();
    let of_many_statements = found.iter().filter(|operation| {
        let transaction = operation.get_document("transaction").unwrap();
        let parameters = transaction.get_document("parameters").unwrap();
        !parameters.get_bool("autocommit").unwrap_or(true)
    });
    of_many_statements.count()
}

async fn until_none_is_open(store: &Store) {
    for _ in 0..400 {
        if open_transactions(store).await == 0 {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("a transaction stays open");
}

async fn until_remembered(store: &Store) {
    for _ in 0..400 {
        if store
            .events
            .find_by_key(&key().hash())
            .await
            .unwrap()
            .is_some()
        {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("the change never came to its end");
}

async fn is_for_sale(store: &Store, event: EventId) {
    let wish = reservation(event, 1);
    assert_eq!(store.reserve(vec![wish]).await, [GRANTED]);
}

/// Gives up while the first statement is on its way, which arrives all the same.
async fn gives_up<T>(relay: &Relay, call: impl Future<Output = T>) {
    relay.let_requests(false);
    let answer = timeout(A_WHILE, call).await;
    assert!(answer.is_err(), "nothing arrived");
    relay.let_requests(true);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_that_nobody_waits_for_comes_to_its_end() {
    let (store, relay) = (Store::new().await, Relay::start().await);
    let (events, event) = (relay.events(&store).await, store.event(10).await);
    // A connection, so that what follows is sent at once.
    events.find(event).await.unwrap();

    gives_up(&relay, events.update(event, &titled("New"))).await;
    is_for_sale(&store, event).await;
    until_remembered(&store).await;
    until_none_is_open(&store).await;
    let edited = store.document(event).await;
    assert_eq!(edited.get_str("title").unwrap(), "New");
    is_for_sale(&store, event).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_nobody_waits_for_comes_to_its_end() {
    let (store, relay) = (Store::new().await, Relay::start().await);
    let (stock, event) = (relay.stock(&store).await, store.event(10).await);
    let (token, any, key) = (token(), ExpectedRevision::Any, key());
    stock.close(event, token, &any).await.unwrap();

    let deletion = stock.delete_closed(event, token, &any, Some(&key));
    gives_up(&relay, deletion).await;
    until_remembered(&store).await;
    until_none_is_open(&store).await;
    let again = store.stock.delete_closed(event, token, &any, None).await;
    assert_eq!(again.unwrap(), DeleteOutcome::Refused);
}

/// The server opened the transaction, and nobody hears of it for longer than a call may last.
#[tokio::test(flavor = "multi_thread")]
async fn an_edit_whose_first_answer_does_not_come_locks_no_event() {
    let (store, relay) = (Store::new().await, Relay::start().await);
    let (events, event) = (relay.events(&store).await, store.event(10).await);
    events.find(event).await.unwrap();

    relay.let_answers(false);
    let unknown = events.update(event, &titled("New")).await;
    assert!(unknown.is_err(), "{unknown:?}");
    is_for_sale(&store, event).await;
    relay.let_answers(true);
    until_none_is_open(&store).await;
    is_for_sale(&store, event).await;
}
