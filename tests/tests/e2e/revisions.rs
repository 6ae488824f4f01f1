//! Edits that say which revision they are meant for.

use futures_util::future::{join, join_all};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Client, World};

async fn tag(client: &Client, event: &str) -> String {
    let answer = client.get(&format!("/api/events/{event}/fetchById")).await;
    answer.expect(200).header("etag").unwrap().to_owned()
}

async fn update(client: &Client, event: &str, tag: &str, title: &str) -> Answer {
    change(client, event, tag, &json!({"title": title})).await
}

async fn change(client: &Client, event: &str, tag: &str, body: &Value) -> Answer {
    let path = format!("/api/events/{event}/update-event");
    let request = client.request(Method::PUT, &path).json(body);
    client.send(request.header("If-Match", tag)).await
}

async fn delete(client: &Client, event: &str, tag: &str) -> Answer {
    let path = format!("/api/events/{event}/delete-event");
    let request = client.request(Method::DELETE, &path);
    client.send(request.header("If-Match", tag)).await
}

async fn fetch_unless(client: &Client, event: &str, tag: &str) -> Answer {
    let path = format!("/api/events/{event}/fetchById");
    let request = client.request(Method::GET, &path);
    client.send(request.header("If-None-Match", tag)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_admins_at_once_exactly_one_wins_while_tickets_are_sold() {
    let world = World::new().await;
    let second = world.server.another().await;
    let admins = [
        world.admin.client.clone(),
        world.admin.client.at(second.base()),
    ];
    let event = world.event(200).await;
    let buyer = world.user("john").await.client;
    let sale = async {
        let answers = join_all((0..120).map(|_| buyer.book(&event, 1))).await;
        let booked = answers.iter().filter(|answer| answer.status == 201).count();
        i64::try_from(booked).unwrap()
    };
    // Rivals want other titles and other totals, never too few for what is sold.
    let edits = async {
        let mut total = 200;
        for round in 2..=8 {
            let seen = tag(&admins[round % 2], &event).await;
            let wanted = [("one", 7), ("two", -4)].map(|(who, more)| {
                json!({"title": format!("{round} by {who}"), "totalTickets": total + more})
            });
            let (one, two) = join(
                change(&admins[0], &event, &seen, &wanted[0]),
                change(&admins[1], &event, &seen, &wanted[1]),
            )
            .await;
            let (winner, loser, won) = match one.status {
                200 => (one, two, &wanted[0]),
                _ => (two, one, &wanted[1]),
            };
            let winner = winner.expect(200);
            loser.expect_problem(412, "precondition_failed");
            let now = winner.header("etag").unwrap();
            assert!(now.starts_with(&format!("\"{round}.")), "{now}");
            let found = buyer.event(&event).await;
            assert_eq!(found["title"], won["title"]);
            assert_eq!(found["totalTickets"], won["totalTickets"]);
            total = won["totalTickets"].as_i64().unwrap();
        }
        total
    };
    let (booked, total) = join(sale, edits).await;
    assert!(booked > 0);
    let (stock, _) = world.inspect().await.until_whole(&event).await;
    assert_eq!((stock.total, stock.available), (total, total - booked));
}

#[tokio::test]
async fn an_unchanged_event_is_not_sent_again() {
    let world = World::new().await;
    let client = &world.admin.client;
    let event = world.event(5).await;
    let seen = tag(client, &event).await;
    let answer = fetch_unless(client, &event, &seen).await.expect(304);
    assert_eq!(
        (answer.header("etag"), answer.text.as_str()),
        (Some(&*seen), "")
    );
    let booking = client.book(&event, 2).await.expect(201).number();
    let sold = fetch_unless(client, &event, &seen).await.expect(200);
    let sold = sold.header("etag").unwrap().to_owned();
    fetch_unless(client, &event, &format!("W/{sold}"))
        .await
        .expect(304);
    client.cancel(booking).await.expect(200);
    tests::until_true("the tickets are back", async || {
        client.available(&event).await == 5
    })
    .await;
    fetch_unless(client, &event, &sold).await.expect(200);
    // The sale and its end left the revision alone.
    update(client, &event, &seen, "New").await.expect(200);
    fetch_unless(client, &event, &seen).await.expect(200);
}

#[tokio::test]
async fn an_event_that_was_edited_since_is_not_deleted() {
    let world = World::new().await;
    let client = &world.admin.client;
    let event = world.event(5).await;
    let seen = tag(client, &event).await;
    update(client, &event, "*", "Edited").await.expect(200);
    let answer = delete(client, &event, &seen).await;
    answer.expect_problem(412, "precondition_failed");
    // It was never closed.
    let booking = client.book(&event, 1).await.expect(201).number();
    client.cancel(booking).await.expect(200);
    let unbooked = world.event(5).await;
    let seen = tag(client, &unbooked).await;
    delete(client, &unbooked, &seen).await.expect(204);
    delete(client, &unbooked, &seen)
        .await
        .expect_problem(404, "event_not_found");
}
