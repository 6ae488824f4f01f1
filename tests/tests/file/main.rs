//! What concerns the embedded default alone: another process that keeps its file to itself. Run with
//! `cargo xtask test`.

#![expect(clippy::expect_used, reason = "tests fail by panicking")]

mod secret;

use std::time::Duration;

use tests::{Answer, World};

/// The longest that a request may take while the file is locked: a bound on hanging.
const BOUND: Duration = Duration::from_secs(3);

async fn within(call: impl Future<Output = Answer>) -> Answer {
    tokio::time::timeout(BOUND, call)
        .await
        .expect("no answer in time")
}

#[tokio::test]
async fn while_somebody_else_writes_bookings_are_refused_and_reads_go_on() {
    let world = World::new().await;
    let event = world.event(5).await;
    let client = &world.admin.client;
    let locker = world.inspect().await;
    locker.lock_file().await;
    within(client.book(&event, 1))
        .await
        .expect_problem(503, "unavailable");
    let fetched = within(client.get(&format!("/api/events/{event}/fetchById")))
        .await
        .expect(200);
    assert_eq!(fetched.body["availableTickets"], 5);
    locker.unlock_file().await;
    client.book(&event, 1).await.expect(201);
    world.inspect().await.until_whole(&event).await;
}
