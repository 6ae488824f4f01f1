//! A server that takes every request, and whose answers do not arrive for a while.

use std::time::Duration;

use adapters_mongo::MongoStockRepository;
use domain::event::EventId;
use domain::stock::{Reservation, ReserveError, ReserveOutcome, StockBatch, StockRepository};
use futures_util::future::join_all;
use mongodb::bson::Document;
use tokio::time::sleep;

use crate::make::{Store, holds, reservation};
use crate::relay::Relay;

async fn reserve(
    stock: &MongoStockRepository,
    wish: &Reservation,
) -> Result<Vec<ReserveOutcome>, ReserveError> {
    let batch = StockBatch {
        settle: Vec::new(),
        reserve: vec![wish.clone()],
    };
    stock.reserve(&batch).await
}

fn has_hold(document: &Document, wish: &Reservation) -> bool {
    let id = wish.id.to_string();
    holds(document).iter().any(|(hold, _)| *hold == id)
}

async fn succeeds(stock: &MongoStockRepository, event: EventId) {
    for _ in 0..100 {
        if let Ok(outcomes) = reserve(stock, &reservation(event, 1)).await {
            assert_eq!(outcomes, [ReserveOutcome::Granted]);
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("the server is back, and nobody noticed");
}

/// The driver ends a call on a connection of a silent server with the same error as a call that never
/// got a connection. The first kind was executed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_not_to_be_executed_was_not() {
    let store = Store::new().await;
    let event = store.event(1_000).await;
    let relay = Relay::start().await;
    let stock = relay.stock(&store).await;
    // Connections for all, so that what follows is sent at once.
    let wishes: Vec<Reservation> = (0..12).map(|_| reservation(event, 1)).collect();
    join_all(wishes.iter().map(|wish| reserve(&stock, wish))).await;

    relay.let_answers(false);
    let wishes: Vec<Reservation> = (0..12).map(|_| reservation(event, 1)).collect();
    let calls = wishes.iter().zip(0..).map(|(wish, place)| {
        let stock = &stock;
        async move {
            sleep(Duration::from_millis(200 * place)).await;
            reserve(stock, wish).await
        }
    });
    let answers = join_all(calls).await;
    relay.let_answers(true);
    succeeds(&stock, event).await;

    let document = store.document(event).await;
    for (wish, answer) in wishes.iter().zip(answers) {
        match answer {
            Ok(outcomes) => panic!("{outcomes:?} without an answer"),
            Err(ReserveError::NotExecuted(_)) => assert!(!has_hold(&document, wish)),
            Err(ReserveError::Unknown(why)) => assert!(why.is_unavailable()),
        }
    }
    assert!(
        wishes.iter().any(|wish| has_hold(&document, wish)),
        "some were executed"
    );
}
