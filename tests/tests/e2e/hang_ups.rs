//! Clients that go away without waiting for their answer.

use reqwest::Method;
use tests::World;

#[tokio::test]
async fn a_client_that_hangs_up_leaves_nothing_half_done() {
    let world = World::new().await;
    let event = world.event(100).await;
    let body = format!(r#"{{"eventId":"{event}"}}"#);
    let path = "/api/bookings/create-booking";
    let keys: Vec<String> = (0..40).map(|n| format!("key-{n}")).collect();
    for key in &keys {
        let sent = world
            .admin
            .client
            .send_unread(&Method::POST, path, &body, key);
        drop(sent.await);
    }
    // Who comes back with the key gets one booking, be it the first request's or a new one.
    for key in &keys {
        tests::until("the retry is answered", async || {
            let answer = world.admin.client.book_with_key(&event, 1, key).await;
            if answer.status != 201 {
                answer
                    .clone()
                    .expect_problem(409, "idempotency_in_progress");
                return None;
            }
            Some(answer)
        })
        .await;
    }
    let (stock, rows) = world.inspect().await.until_whole(&event).await;
    let confirmed = rows.iter().filter(|row| row.status == "confirmed");
    assert_eq!((stock.available, confirmed.count()), (60, 40));
}
