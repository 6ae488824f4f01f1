//! Several instances, of which one dies.

use std::time::Duration;

use futures_util::future::join_all;
use tests::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_lives_finishes_what_a_killed_one_left() {
    let mut world = World::new().await;
    let survivor = world.server.another().await;
    let event = world.event(200).await;
    let (heard, mut answered) = tokio::sync::mpsc::unbounded_channel();
    let calls: Vec<_> = (0..96)
        .map(|n: u32| {
            let (client, event) = (world.admin.client.clone(), event.clone());
            let heard = heard.clone();
            tokio::spawn(async move {
                let booking = client.booking(&event, n % 3 + 1, None);
                let answer = client.try_send(booking).await;
                // Nobody listens any more once the server is killed.
                let _ = heard.send(());
                answer
            })
        })
        .collect();
    // In the middle of them, however fast the machine is.
    for _ in 0..10 {
        answered.recv().await.unwrap();
    }
    world.server.kill().await;
    let answers = join_all(calls).await.into_iter().map(Result::unwrap);
    let booked: Vec<_> = answers
        .flatten()
        .filter(|answer| answer.status == 201)
        .map(|answer| answer.number())
        .collect();
    assert!(!booked.is_empty(), "nothing was booked before the kill");

    // Nobody starts the dead one again: the equations come right all the same.
    let (stock, rows) = world.inspect().await.until_whole(&event).await;
    for id in booked {
        assert!(
            rows.iter()
                .any(|row| row.id == id && row.status == "confirmed"),
            "booking {id} is lost"
        );
    }
    let admin = world.admin.at(&survivor);
    assert_eq!(admin.client.available(&event).await, stock.available);
    admin.client.book(&event, 1).await.expect(201);
}

/// Eight deletions and bookings at once, cut off by a kill.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_was_cut_off_is_done_or_undone() {
    let mut world = World::new().await;
    for round in 0..2_u64 {
        let events = join_all((0..8).map(|_| world.event(5))).await;
        let calls: Vec<_> = events
            .iter()
            .map(|event| {
                let (client, event) = (world.admin.client.clone(), event.clone());
                tokio::spawn(async move {
                    let path = format!("/api/events/{event}/delete-event");
                    let deletion = client.request(reqwest::Method::DELETE, &path);
                    let booking = client.booking(&event, 1, None);
                    tokio::join!(client.try_send(deletion), client.try_send(booking))
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(5 + 10 * round)).await;
        world.restart().await;
        for (event, call) in events.iter().zip(calls) {
            let (deletion, booking) = call.await.unwrap();
            let gone = settled(&world, event).await;
            if deletion.is_some_and(|answer| answer.status == 204) {
                assert!(gone, "{event} was deleted and is there");
            }
            if booking.is_some_and(|answer| answer.status == 201) {
                assert!(!gone, "{event} was booked and is gone");
            }
        }
    }
}

/// Waits until the event is either gone, without any booking, or open for bookings again, and whole;
/// whether it is gone.
async fn settled(world: &World, event: &str) -> bool {
    let status = tests::until("the event is gone or open", async || {
        let answer = world.admin.client.book(event, 1).await;
        matches!(answer.status, 201 | 404 | 409).then_some(answer.status)
    })
    .await;
    let inspector = world.inspect().await;
    if status == 404 {
        let rows = inspector.bookings(event).await;
        assert!(rows.iter().all(|row| row.status == "void"), "{rows:?}");
    } else {
        inspector.until_whole(event).await;
    }
    status == 404
}
