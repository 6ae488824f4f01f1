//! SIGKILL in the middle of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tests::{Client, World};

/// What a caller was told.
#[derive(Default)]
struct Told {
    booked: Vec<(i64, u32)>,
    cancelled: Vec<i64>,
    /// Bookings whose cancellation was not answered.
    unsure: Vec<i64>,
}

/// What all callers of a round share.
#[derive(Default)]
struct Round {
    booked: AtomicUsize,
    stop: AtomicBool,
}

async fn call(client: Client, event: String, quantity: u32, round: Arc<Round>) -> Told {
    let mut told = Told::default();
    while !round.stop.load(Ordering::Relaxed) {
        let Some(answer) = client
            .try_send(client.booking(&event, quantity, None))
            .await
        else {
            break;
        };
        if answer.status != 201 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            continue;
        }
        told.booked.push((answer.number(), quantity));
        round.booked.fetch_add(1, Ordering::Relaxed);
        // Every third booking is given back.
        if told.booked.len() % 3 == 0 {
            let path = format!("/api/bookings/{}/cancel-booking", answer.number());
            match client
                .try_send(client.request(reqwest::Method::DELETE, &path))
                .await
            {
                Some(cancelled) if cancelled.status == 200 => told.cancelled.push(answer.number()),
                _ => told.unsure.push(answer.number()),
            }
        }
    }
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_loses_nothing_and_doubles_nothing() {
    let mut world = World::new().await;
    // More than can be sold, so that the kill falls into the selling however fast the machine is.
    let event = world.event(100_000).await;
    let mut told = Vec::new();
    for wanted in [5, 40, 100] {
        let round = Arc::new(Round::default());
        let callers: Vec<_> = (0..32)
            .map(|n| {
                let (client, event) = (world.admin.client.clone(), event.clone());
                tokio::spawn(call(client, event, n % 3 + 1, Arc::clone(&round)))
            })
            .collect();
        tests::until_true("some bookings", async || {
            round.booked.load(Ordering::Relaxed) >= wanted
        })
        .await;
        world.restart().await;
        round.stop.store(true, Ordering::Relaxed);
        for caller in callers {
            told.push(caller.await.unwrap());
        }
    }
    // The recovery looks into what is older than the grace, and then the stock is whole.
    let (_, rows) = world.inspect().await.until_whole(&event).await;
    let status = |id: i64| {
        rows.iter()
            .find(|row| row.id == id)
            .map(|row| (row.status.as_str(), row.quantity))
    };
    let mut answered = 0;
    for told in &told {
        for (id, quantity) in &told.booked {
            answered += 1;
            let (status, stored) = status(*id).unwrap_or_else(|| panic!("booking {id} is lost"));
            assert_eq!(stored, i64::from(*quantity));
            let expected = if told.cancelled.contains(id) {
                "cancelled"
            } else {
                "confirmed"
            };
            assert!(
                status == expected || told.unsure.contains(id),
                "{id}: {status}"
            );
        }
    }
    assert!(answered > 0, "nothing was booked before the kills");
}
