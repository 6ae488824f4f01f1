//! Everything is killed in turn, several times, in the middle of load: the program, MongoDB's primary,
//! MySQL. Then the databases are asked, and every answer that was given must be true.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use tests::{Answer, Client, Databases, World};
use xtask::servers::{Server, is_primary};

const ROUNDS: usize = 3;
const CALLERS: usize = 24;
/// How many bookings come through between one kill and the next.
const BETWEEN: usize = 60;
const PAUSE: Duration = Duration::from_millis(20);

/// What the callers share.
struct Load {
    /// Where the program is at this moment.
    client: Mutex<Client>,
    event: String,
    booked: AtomicUsize,
    stop: AtomicBool,
}

/// A booking as its caller was told of it at last.
struct Told {
    id: i64,
    quantity: i64,
    cancelled: bool,
}

impl Load {
    /// Sends until the answer says what happened; under its key a booking may be sent as often as one
    /// likes.
    async fn insist(&self, send: impl Fn(&Client) -> reqwest::RequestBuilder) -> Answer {
        loop {
            let client = self.client.lock().unwrap().clone();
            let answer = client.try_send(send(&client)).await;
            match answer {
                Some(answer) if answer.status == 503 => {}
                Some(answer) if answer.text.contains("idempotency_in_progress") => {}
                Some(answer) => return answer,
                None => {}
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn call(&self, caller: usize) -> Vec<Told> {
        let mut told = Vec::new();
        while !self.stop.load(Ordering::Relaxed) {
            let key = format!("{caller}-{}", told.len());
            let quantity = u32::try_from(told.len() % 3 + 1).unwrap();
            let booked = self.insist(|client| client.booking(&self.event, quantity, Some(&key)));
            let id = booked.await.expect(201).number();
            self.booked.fetch_add(1, Ordering::Relaxed);
            let cancelled = told.len() % 4 == 3;
            if cancelled {
                let path = format!("/api/bookings/{id}/cancel-booking");
                let answer = self
                    .insist(|client| client.request(Method::DELETE, &path))
                    .await;
                // An earlier try may have come through without an answer.
                assert!(matches!(answer.status, 200 | 409), "{}", answer.text);
            }
            told.push(Told {
                id,
                quantity: i64::from(quantity),
                cancelled,
            });
        }
        told
    }

    async fn more_bookings(&self) {
        let wanted = self.booked.load(Ordering::Relaxed) + BETWEEN;
        tests::until_true("more bookings", async || {
            self.booked.load(Ordering::Relaxed) >= wanted
        })
        .await;
    }
}

async fn kill_and_restart(mut server: Server) -> Server {
    let restart = move || {
        server.kill();
        server.start_again().unwrap();
        server
    };
    tokio::task::spawn_blocking(restart).await.unwrap()
}

async fn restart_primary(mut members: Vec<Server>) -> Vec<Server> {
    let primary = tests::until("there is a primary", async || {
        members.iter().position(is_primary)
    });
    let index = primary.await;
    let member = members.swap_remove(index);
    members.push(kill_and_restart(member).await);
    members
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_doubled_whatever_is_killed() {
    let (databases, mut mysql, mut mongodb) = Databases::on_a_replica_set().await;
    let mut world = World::on(databases, &[]).await;
    let load = Arc::new(Load {
        client: Mutex::new(world.admin.client.clone()),
        event: world.event(1_000_000).await,
        booked: AtomicUsize::new(0),
        stop: AtomicBool::new(false),
    });
    let callers = (0..CALLERS).map(|caller| {
        let load = Arc::clone(&load);
        tokio::spawn(async move { load.call(caller).await })
    });
    let callers: Vec<_> = callers.collect();
    for _ in 0..ROUNDS {
        load.more_bookings().await;
        world.restart().await;
        *load.client.lock().unwrap() = world.admin.client.clone();
        load.more_bookings().await;
        mongodb = restart_primary(mongodb).await;
        load.more_bookings().await;
        mysql = kill_and_restart(mysql).await;
    }
    load.more_bookings().await;
    load.stop.store(true, Ordering::Relaxed);
    let told = join_all(callers).await.into_iter().flat_map(Result::unwrap);
    let told: Vec<Told> = told.collect();

    let inspector = world.inspect().await;
    let (_, rows) = inspector.until_whole(&load.event).await;
    let bookings = rows.into_iter().filter(|row| row.status != "void");
    let bookings: HashMap<i64, _> = bookings.map(|row| (row.id, row)).collect();
    assert_eq!(bookings.len(), told.len(), "each key booked once");
    for told in &told {
        let row = bookings
            .get(&told.id)
            .unwrap_or_else(|| panic!("booking {} is lost", told.id));
        assert_eq!(row.quantity, told.quantity);
        assert_eq!(row.status == "cancelled", told.cancelled, "{}", row.status);
    }
    let cancelled = told.iter().filter(|told| told.cancelled).count();
    tests::until_true("all of it is in the audit log", async || {
        let log = inspector.audit_log().await;
        let count = |action: &str| log.iter().filter(|entry| entry["action"] == action).count();
        (count("booking.create"), count("booking.cancel")) == (told.len(), cancelled)
    })
    .await;
    drop(world);
    drop((mysql, mongodb));
}
