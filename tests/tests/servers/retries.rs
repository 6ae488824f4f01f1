//! Bookings whose outcome a silence or a crash of a database hides, tried again with their keys.

use futures_util::future::join_all;
use tests::{Databases, World};

use crate::outages::{BOUND, Way, Which, bring_back, take_away};

/// How many bookings are on their way when the database goes.
const CALLERS: usize = 24;

/// Lets the database go away among bookings, and come back; every booking is then tried again until
/// it is there, and must be there once.
async fn every_retry_books_once(which: Which, way: Way) {
    let (databases, mut servers) = Databases::on_own_servers().await;
    let world = World::on(databases, &[]).await;
    let event = world.event(100).await;
    let client = &world.admin.client;
    let keys: Vec<String> = (0..CALLERS).map(|n| format!("key-{n}")).collect();
    let (heard, mut answered) = tokio::sync::mpsc::unbounded_channel();
    let calls: Vec<_> = keys
        .iter()
        .map(|key| {
            let (client, event, key) = (client.clone(), event.clone(), key.clone());
            let heard = heard.clone();
            tokio::spawn(async move {
                let call = client.book_with_key(&event, 1, &key);
                let answer = tokio::time::timeout(BOUND, call).await;
                // Nobody listens any more once the database is away.
                let _ = heard.send(());
                answer.unwrap_or_else(|_| panic!("no answer within {BOUND:?}"))
            })
        })
        .collect();
    // The first answer says that the others are on their way.
    answered.recv().await.unwrap();
    servers = take_away(servers, which, way).await;
    let first = join_all(calls).await.into_iter().map(Result::unwrap);
    let first: Vec<_> = first.collect();
    servers = bring_back(servers, which, way).await;

    for (key, first) in keys.iter().zip(first) {
        let retry = tests::until("the retry is booked", async || {
            let answer = client.book_with_key(&event, 1, key).await;
            (answer.status == 201).then_some(answer)
        });
        let retry = retry.await;
        if first.status == 201 {
            assert_eq!(first.text, retry.text);
        } else {
            assert!(matches!(first.status, 409 | 503), "{}", first.text);
        }
    }
    let (stock, rows) = world.inspect().await.until_whole(&event).await;
    let confirmed = rows.iter().filter(|row| row.status == "confirmed");
    assert_eq!((stock.available, confirmed.count()), (76, CALLERS));
    drop(world);
    drop(servers);
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_killed() {
    every_retry_books_once(Which::MySql, Way::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mysql_silent() {
    every_retry_books_once(Which::MySql, Way::Frozen).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_killed() {
    every_retry_books_once(Which::MongoDb, Way::Killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mongodb_silent() {
    every_retry_books_once(Which::MongoDb, Way::Frozen).await;
}
