//! `boxoffice verify`, beside a server that goes on selling.

use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::Value;
use tests::{Client, World};

/// What a verification says; its exit code must be `code`.
#[track_caller]
fn document(output: &Output, code: i32) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(code), "{text}\n{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Books, and cancels every third booking, until it is told to stop.
async fn trade(client: Client, event: String, stop: Arc<AtomicBool>, done: Arc<AtomicUsize>) {
    while !stop.load(Ordering::Relaxed) {
        let booked = client.book(&event, 2).await;
        if booked.status == 201 && done.fetch_add(1, Ordering::Relaxed).is_multiple_of(3) {
            client.cancel(booked.number()).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_being_sold_is_whole() {
    let world = World::new().await;
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::default());
    let mut traders = Vec::new();
    // One event for all, and one each.
    let hot = world.event(1_000_000).await;
    for n in 0..16 {
        let event = match n % 2 {
            0 => hot.clone(),
            _ => world.event(1_000_000).await,
        };
        let (client, stop) = (world.admin.client.clone(), Arc::clone(&stop));
        traders.push(tokio::spawn(trade(client, event, stop, Arc::clone(&done))));
    }
    for _ in 0..3 {
        let before = done.load(Ordering::Relaxed);
        tests::until_true("trade", async || done.load(Ordering::Relaxed) > before + 20).await;
        let output = world.databases.run(&["verify", "--json"]).await;
        let report = document(&output, 0);
        assert_eq!(
            (&report["result"], &report["events"]),
            (&"whole".into(), &9.into())
        );
    }
    stop.store(true, Ordering::Relaxed);
    for trader in traders {
        trader.await.unwrap();
    }
    world.inspect().await.until_whole(&hot).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_named_and_mended() {
    let world = World::new().await;
    let (few, many) = (world.event(10).await, world.event(10).await);
    let whole = world.event(10).await;
    for event in [&few, &many, &whole] {
        world.admin.client.book(event, 4).await.expect(201);
        let given_back = world.admin.client.book(event, 1).await.expect(201);
        world
            .admin
            .client
            .cancel(given_back.number())
            .await
            .expect(200);
        world.inspect().await.until_whole(event).await;
    }
    world.inspect().await.damage(&few, -3).await;
    world.inspect().await.damage(&many, 2).await;

    let (text, json) = tokio::join!(
        world.databases.run(&["verify"]),
        world.databases.run(&["verify", "--json"]),
    );
    let text_code = text.status.code();
    let lines = String::from_utf8(text.stdout).unwrap();
    assert_eq!((text_code, lines.lines().count()), (Some(1), 3), "{lines}");
    for (event, what) in [(&few, "3 tickets are gone"), (&many, "2 tickets are with")] {
        let named = |line: &str| line.contains(event.as_str()) && line.contains(what);
        assert!(lines.lines().any(named), "{lines}");
    }
    let report = document(&json, 1);
    let missing = |event: &str| {
        let findings = report["findings"].as_array().unwrap();
        let finding = findings
            .iter()
            .find(|finding| finding["eventId"] == event)?;
        finding["types"][0]["missing"].as_i64()
    };
    let found = (missing(&few), missing(&many), missing(&whole));
    assert_eq!(found, (Some(3), Some(-2), None));

    let repaired = document(
        &world.databases.run(&["verify", "--repair", "--json"]).await,
        0,
    );
    assert_eq!(repaired["repaired"], 2);
    let report = document(&world.databases.run(&["verify", "--json"]).await, 0);
    assert_eq!(report["findings"], Value::Array(Vec::new()));
    for event in [&few, &many, &whole] {
        assert_eq!(world.admin.client.available(event).await, 6);
        world.admin.client.book(event, 6).await.expect(201);
        world.inspect().await.until_whole(event).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bookings_without_an_event_are_named() {
    let world = World::new().await;
    let event = world.event(10).await;
    world.admin.client.book(&event, 4).await.expect(201);
    let inspector = world.inspect().await;
    inspector.until_whole(&event).await;
    inspector.lose_event(&event).await;
    let report = document(&world.databases.run(&["verify", "--json"]).await, 1);
    let finding = &report["findings"][0];
    assert_eq!(finding["kind"], "unknown_event");
    assert_eq!(
        (&finding["eventId"], &finding["confirmed"]),
        (&event.into(), &4.into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_killed_server_left_is_whole_and_brought_to_its_end_without_one() {
    let mut world = World::new().await;
    let event = world.event(1_000).await;
    let heard = Arc::new(AtomicUsize::new(0));
    let calls: Vec<_> = (0..96)
        .map(|_| {
            let (client, event) = (world.admin.client.clone(), event.clone());
            let heard = Arc::clone(&heard);
            tokio::spawn(async move {
                let answer = client.try_send(client.booking(&event, 1, None)).await;
                heard.fetch_add(1, Ordering::Relaxed);
                answer
            })
        })
        .collect();
    tests::until_true("some answers", async || heard.load(Ordering::Relaxed) > 5).await;
    world.server.kill().await;
    for call in calls {
        call.await.unwrap();
    }
    let report = document(&world.databases.run(&["verify", "--json"]).await, 0);
    assert_eq!(report["events"], 1);
    let inspector = world.inspect().await;
    tests::until_true("nothing is held", async || {
        let repair = world.databases.run(&["verify", "--repair", "--json"]).await;
        document(&repair, 0);
        inspector.stock(&event).await.holds.is_empty()
    })
    .await;
    inspector.until_whole(&event).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_stores_of_different_age_refuses_until_a_repair() {
    const HOUR: i64 = 3_600_000;
    let now = 1_900_000_000_000;
    let mut world = World::new().await;
    world.server.kill().await;
    let inspector = world.inspect().await;
    for (bookings, events) in [
        ((500, now), (100, now - HOUR)),
        ((100, now - HOUR), (500, now)),
        ((499, now), (500, now)),
    ] {
        inspector.set_checkpoints(bookings, events).await;
        let refused = world.databases.run(&["serve"]).await;
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        let line = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.contains("boxoffice verify --repair"), "{line}");
        document(
            &world.databases.run(&["verify", "--repair", "--json"]).await,
            0,
        );
        world.restart().await;
        let event = world.event(5).await;
        world.admin.client.book(&event, 1).await.expect(201);
        world.server.kill().await;
    }
    // What a crash between the two writes leaves is no reason.
    inspector
        .set_checkpoints((701, now), (700, now - HOUR))
        .await;
    world.restart().await;
}
