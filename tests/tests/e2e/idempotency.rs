//! The same request twice is one booking.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use tests::World;

#[tokio::test]
async fn a_replay_is_the_first_answer_also_after_a_cancellation() {
    let world = World::new().await;
    let (client, event) = (&world.admin.client, world.event(10).await);
    let first = client.book_with_key(&event, 2, "key-1").await.expect(201);
    assert_eq!(first.header("idempotent-replayed"), None);
    let second = client.book_with_key(&event, 2, "key-1").await.expect(201);
    assert_eq!(
        (second.header("idempotent-replayed"), &second.text),
        (Some("true"), &first.text)
    );
    client.cancel(first.number()).await.expect(200);
    let third = client.book_with_key(&event, 2, "key-1").await.expect(201);
    assert_eq!(third.text, first.text);
    assert_eq!(client.available(&event).await, 10);
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_user() {
    let world = World::new().await;
    let (client, event) = (&world.admin.client, world.event(10).await);
    client.book_with_key(&event, 2, "key").await.expect(201);
    client
        .book_with_key(&event, 3, "key")
        .await
        .expect_problem(422, "idempotency_mismatch");
    let other = world.event(10).await;
    client
        .book_with_key(&other, 2, "key")
        .await
        .expect_problem(422, "idempotency_mismatch");
    // Another user's key of the same name, and another spelling, are other keys.
    let john = world.user("john").await;
    john.client
        .book_with_key(&event, 3, "key")
        .await
        .expect(201);
    client.book_with_key(&event, 3, "KEY").await.expect(201);
    let too_long = "x".repeat(256);
    for bad in [" ", "a b", "ä", too_long.as_str()] {
        let body = json!({"eventId": event});
        let request = client
            .request(Method::POST, "/api/bookings/create-booking")
            .json(&body);
        let answer = client
            .send(request.header("Idempotency-Key", bad.as_bytes()))
            .await;
        let answer = answer.expect_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["Idempotency-Key"], "{bad}");
    }
}

#[tokio::test]
async fn a_refusal_leaves_the_key_free() {
    let world = World::new().await;
    let (client, event) = (&world.admin.client, world.event(1).await);
    let booking = client.book(&event, 1).await.expect(201).number();
    client
        .book_with_key(&event, 1, "key")
        .await
        .expect_problem(409, "sold_out");
    client.cancel(booking).await.expect(200);
    client.book_with_key(&event, 1, "key").await.expect(201);
    // It is sold out now, and the retry still gets its booking.
    let replay = client.book_with_key(&event, 1, "key").await.expect(201);
    assert_eq!(replay.header("idempotent-replayed"), Some("true"));
}

#[tokio::test]
async fn many_at_once_on_two_instances_are_one_booking() {
    let world = World::new().await;
    let second = world.server.another().await;
    let event = world.event(100).await;
    for round in 0..4 {
        let key = format!("key-{round}");
        let callers = [&world.admin.client, &world.admin.client.at(second.base())];
        let calls = (0..16).map(|n| callers[n % 2].book_with_key(&event, 1, &key));
        let answers = join_all(calls).await;
        let booked: Vec<i64> = answers
            .iter()
            .filter(|a| a.status == 201)
            .map(|a| a.number())
            .collect();
        assert!(!booked.is_empty());
        assert!(booked.iter().all(|id| *id == booked[0]), "{booked:?}");
        for answer in answers.into_iter().filter(|answer| answer.status != 201) {
            answer.expect_problem(409, "idempotency_in_progress");
        }
    }
    let (_, rows) = world.inspect().await.until_whole(&event).await;
    assert_eq!(
        rows.iter().filter(|row| row.status == "confirmed").count(),
        4
    );
}

#[tokio::test]
async fn after_a_crash_at_any_point_a_retry_books_at_most_once() {
    let mut world = World::new().await;
    let event = world.event(1_000).await;
    let mut keys = Vec::new();
    for round in 0..5_u64 {
        let client = world.admin.client.clone();
        let batch: Vec<String> = (0..24).map(|n| format!("key-{round}-{n}")).collect();
        let calls: Vec<_> = batch
            .iter()
            .map(|key| client.booking(&event, 1, Some(key)))
            .collect();
        let calls = tokio::spawn({
            let client = client.clone();
            async move { join_all(calls.into_iter().map(|call| client.try_send(call))).await }
        });
        // Not long enough for all of them, a little longer each time.
        tokio::time::sleep(std::time::Duration::from_millis(2 + round * 4)).await;
        world.restart().await;
        let first = calls.await.unwrap();
        for (key, first) in batch.iter().zip(&first) {
            let retry = tests::until("the retry is answered", async || {
                let answer = world.admin.client.book_with_key(&event, 1, key).await;
                (answer.status == 201).then_some(answer)
            });
            let retry = retry.await;
            if let Some(first) = first.as_ref().filter(|first| first.status == 201) {
                assert_eq!(first.text, retry.text);
            }
        }
        keys.extend(batch);
    }
    let (_, rows) = world.inspect().await.until_whole(&event).await;
    assert_eq!(
        rows.iter().filter(|row| row.status == "confirmed").count(),
        keys.len()
    );
}
