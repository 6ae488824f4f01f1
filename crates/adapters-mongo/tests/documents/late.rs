//! Statements that arrive after their sender gave up, and after what followed from that.

use std::time::Duration;

use domain::event::{EventId, ExpectedRevision};
use domain::stock::{
    ClosingState, HoldRef, ReserveError, ReserveOutcome, StaleClosing, StockBatch, StockRepository,
    StockReturn, TicketType,
};
use futures_util::future::join_all;
use mongodb::bson::{Bson, Document};
use tokio::time::sleep;

use crate::make::{Store, holds, reservation, token};
use crate::relay::Relay;

const GRANTED: ReserveOutcome = ReserveOutcome::Granted;

fn back(event: EventId, returned: u64) -> StockReturn {
    StockReturn {
        event_id: event,
        ticket_type: TicketType::general(),
        returned,
    }
}

fn available(document: &Document) -> i64 {
    document.get_i64("availableTickets").unwrap()
}

fn hold_count(document: &Document) -> usize {
    holds(document).len()
}

/// Waits until the event is as it should be.
async fn until(store: &Store, event: EventId, is_so: impl Fn(&Document) -> bool) {
    for _ in 0..100 {
        if is_so(&store.document(event).await) {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", store.document(event).await);
}

/// All holds, once there are `count`: what was just seen need not have a majority yet.
async fn holds_of_all(store: &Store, count: usize) -> Vec<HoldRef> {
    for _ in 0..100 {
        let found = store.stock.stale_holds(Duration::ZERO, 100).await.unwrap();
        if found.len() == count {
            return found.into_iter().map(|hold| hold.at).collect();
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("there are never {count} holds");
}

/// The one closing that there is, once a majority has it.
async fn only_closing(store: &Store) -> StaleClosing {
    for _ in 0..100 {
        let found = store.stock.stale_closings(Duration::ZERO, 10).await;
        match found.unwrap().as_slice() {
            [] => sleep(Duration::from_millis(50)).await,
            [closing] => return *closing,
            closings => panic!("{closings:?}"),
        }
    }
    panic!("nothing is ever closed");
}

/// Its hold was fenced and released when it was not there yet: that gave nothing back, and the next look
/// for old holds finds it.
#[tokio::test(flavor = "multi_thread")]
async fn a_reserve_that_comes_after_its_release_is_found_and_given_back_once() {
    let (store, relay) = (Store::new().await, Relay::start().await);
    // One event and several go out by different commands.
    for events in [1, 3] {
        let mut ids = Vec::new();
        for _ in 0..events {
            ids.push(store.event(10).await);
        }
        let stock = relay.stock(&store).await;
        let batch = |tickets| StockBatch {
            settle: Vec::new(),
            reserve: ids.iter().map(|id| reservation(*id, tickets)).collect(),
        };
        let outcomes = stock.reserve(&batch(1)).await.unwrap();
        assert!(outcomes.iter().all(|outcome| *outcome == GRANTED));
        let before = store.stock.stale_holds(Duration::ZERO, 100).await.unwrap();
        let before: Vec<_> = before.into_iter().map(|hold| hold.at).collect();
        store.stock.settle(&before).await.unwrap();

        relay.let_requests(false);
        let late = batch(2);
        let answer = stock.reserve(&late).await;
        assert!(
            matches!(answer, Err(ReserveError::Unknown(_))),
            "{answer:?}"
        );
        let given_up: Vec<_> = late.reserve.iter().map(|wish| wish.hold_ref()).collect();
        store.stock.release(&given_up).await.unwrap();
        for id in &ids {
            assert_eq!(available(&store.document(*id).await), 9);
        }

        relay.let_requests(true);
        for id in &ids {
            until(&store, *id, |event| {
                available(event) == 7 && hold_count(event) == 1
            })
            .await;
        }
        let found = holds_of_all(&store, ids.len()).await;
        for _ in 0..2 {
            store.stock.release(&found).await.unwrap();
            for id in &ids {
                let event = store.document(*id).await;
                assert_eq!((available(&event), hold_count(&event)), (9, 0));
            }
        }
    }
}

/// A release, a settle and a return that come once more, after others did their work and the tickets
/// were sold again.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_done_by_others_in_the_meantime_is_not_done_again() {
    let (store, relay) = (Store::new().await, Relay::start().await);
    let stock = relay.stock(&store).await;
    let event = store.event(10).await;
    let (released, settled) = (reservation(event, 4), reservation(event, 3));
    store.reserve(vec![released.clone(), settled.clone()]).await;
    let (released, settled) = ([released.hold_ref()], [settled.hold_ref()]);
    // A connection for each, so that all are on their way at once.
    let other = store.event(10).await;
    let wishes = [1, 2, 3].map(|tickets| StockBatch {
        settle: Vec::new(),
        reserve: vec![reservation(other, tickets)],
    });
    join_all(wishes.iter().map(|batch| stock.reserve(batch))).await;

    relay.let_requests(false);
    let returns = [back(event, 1)];
    let answers = tokio::join!(
        stock.release(&released),
        stock.settle(&settled),
        stock.apply_returns(&returns),
    );
    assert!(answers.0.is_err() && answers.1.is_err() && answers.2.is_err());
    store.stock.release(&released).await.unwrap();
    store.stock.settle(&settled).await.unwrap();
    store.stock.apply_returns(&[back(event, 3)]).await.unwrap();
    // All ten are sold: three that were settled, and came back, and everything else.
    let again = reservation(event, 10);
    assert_eq!(store.reserve(vec![again]).await, [GRANTED]);

    relay.let_requests(true);
    for _ in 0..100 {
        if relay.late() >= 3 {
            break;
        }
        sleep(Duration::from_millis(50)).await;
    }
    assert!(relay.late() >= 3, "{} came late", relay.late());
    // They have arrived, and are carried out in a moment.
    sleep(Duration::from_millis(500)).await;
    let document = store.document(event).await;
    assert_eq!((available(&document), hold_count(&document)), (0, 1));
    let general = document.get_document("stock").unwrap();
    let general = general.get_document("general").unwrap();
    assert_eq!(general.get("returned"), Some(&Bson::Int64(3)));
}

/// Nobody waits for it any more: it is among the old closings, and they are opened.
#[tokio::test(flavor = "multi_thread")]
async fn a_closing_that_comes_after_it_was_given_up_is_found_and_opened() {
    let (store, relay) = (Store::new().await, Relay::start().await);
    let (stock, event) = (relay.stock(&store).await, store.event(10).await);
    let (first, late) = (token(), token());
    stock
        .close(event, first, &ExpectedRevision::Any)
        .await
        .unwrap();
    stock.reopen(event, first).await.unwrap();

    relay.let_requests(false);
    assert!(
        stock
            .close(event, late, &ExpectedRevision::Any)
            .await
            .is_err()
    );
    store.stock.reopen(event, late).await.unwrap();

    relay.let_requests(true);
    let found = only_closing(&store).await;
    store
        .stock
        .reopen(found.event_id, found.token)
        .await
        .unwrap();
    let state = store.stock.closing_state(event, late).await.unwrap();
    assert_eq!(state, ClosingState::NotMine);
    let wish = reservation(event, 10);
    assert_eq!(store.reserve(vec![wish]).await, [GRANTED]);
}
