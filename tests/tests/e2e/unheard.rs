//! Requests that were done by a server that was killed before anybody heard of it.

use reqwest::Method;
use serde_json::json;
use tests::{Answer, BookingRow, Client, Inspector, World};

const KEY: &str = "the-key";

/// A request with a key.
struct Request {
    method: Method,
    path: String,
    /// Empty: none.
    body: String,
}

impl Request {
    async fn send(&self, client: &Client) -> Answer {
        let request = client.request(self.method.clone(), &self.path);
        let request = match self.body.as_str() {
            "" => request,
            body => request
                .header("Content-Type", "application/json")
                .body(body.to_owned()),
        };
        client.send(request.header("Idempotency-Key", KEY)).await
    }

    /// Has it done by a server that is killed once `is_done`, before anything is read of its answer, and
    /// by its successor: what that answers, twice.
    async fn unheard(
        &self,
        world: &mut World,
        status: u16,
        is_done: impl AsyncFn(&Inspector) -> bool,
    ) -> Answer {
        let (client, inspector) = (&world.admin.client, world.inspect().await);
        let sent = client.send_unread(&self.method, &self.path, &self.body, KEY);
        let connection = sent.await;
        tests::until_true("the work is done", async || is_done(&inspector).await).await;
        world.restart().await;
        drop(connection);
        let client = &world.admin.client;
        let answers = [self.send(client).await, self.send(client).await];
        for answer in &answers {
            let replayed = answer.header("idempotent-replayed");
            let told = (answer.status, replayed, &answer.text);
            assert_eq!(told, (status, Some("true"), &answers[0].text));
        }
        let [answer, _] = answers;
        answer
    }
}

fn concert(title: &str) -> String {
    let body = json!({
        "title": title, "description": "", "date": "2999-01-01T00:00:00Z", "location": "Hall",
        "totalTickets": 50,
    });
    body.to_string()
}

fn told(rows: &[BookingRow]) -> Vec<(i64, &str, i64)> {
    let rows = rows.iter();
    rows.map(|row| (row.id, row.status.as_str(), row.quantity))
        .collect()
}

#[tokio::test]
async fn a_booking_that_nobody_heard_of_is_told_and_not_made_again() {
    let mut world = World::new().await;
    let event = world.event(50).await;
    let request = Request {
        method: Method::POST,
        path: "/api/bookings/create-booking".to_owned(),
        body: json!({"eventId": event, "quantity": 3}).to_string(),
    };
    let is_booked = async |inspector: &Inspector| !inspector.bookings(&event).await.is_empty();
    let answer = request.unheard(&mut world, 201, is_booked).await;
    let (stock, rows) = world.inspect().await.until_whole(&event).await;
    assert_eq!(told(&rows), [(answer.number(), "confirmed", 3)]);
    assert_eq!((stock.total, stock.available), (50, 47));
}

#[tokio::test]
async fn a_cancellation_that_nobody_heard_of_is_told_and_returns_tickets_once() {
    let mut world = World::new().await;
    let event = world.event(50).await;
    let client = &world.admin.client;
    let booking = client.book(&event, 3).await.expect(201).number();
    let request = Request {
        method: Method::DELETE,
        path: format!("/api/bookings/{booking}/cancel-booking"),
        body: String::new(),
    };
    let is_cancelled = async |inspector: &Inspector| {
        let rows = inspector.bookings(&event).await;
        rows.iter().any(|row| row.status == "cancelled")
    };
    let answer = request.unheard(&mut world, 200, is_cancelled).await;
    assert_eq!(answer.number(), booking);
    let (stock, rows) = world.inspect().await.until_whole(&event).await;
    assert_eq!(told(&rows), [(booking, "cancelled", 3)]);
    assert_eq!((stock.available, stock.returned), (50, 3));
}

#[tokio::test]
async fn an_event_that_nobody_heard_of_is_told_and_not_made_again() {
    let mut world = World::new().await;
    let request = Request {
        method: Method::POST,
        path: "/api/events/create-event".to_owned(),
        body: concert("Unheard"),
    };
    let made = async |inspector: &Inspector| inspector.events_titled("Unheard").await;
    let is_made = async |inspector: &Inspector| !made(inspector).await.is_empty();
    let answer = request.unheard(&mut world, 201, is_made).await;
    let inspector = world.inspect().await;
    assert_eq!(made(&inspector).await, [(answer.id(), 1)]);
    let (stock, _) = inspector.until_whole(&answer.id()).await;
    assert_eq!((stock.total, stock.available), (50, 50));
}

#[tokio::test]
async fn an_edit_that_nobody_heard_of_is_told_and_not_made_again() {
    let mut world = World::new().await;
    let event = world.event(50).await;
    let client = &world.admin.client;
    client.book(&event, 3).await.expect(201);
    let request = Request {
        method: Method::PUT,
        path: format!("/api/events/{event}/update-event"),
        body: json!({"title": "Edited", "totalTickets": 60}).to_string(),
    };
    let edited = async |inspector: &Inspector| inspector.events_titled("Edited").await;
    let is_edited = async |inspector: &Inspector| !edited(inspector).await.is_empty();
    let answer = request.unheard(&mut world, 200, is_edited).await;
    assert!(answer.header("etag").unwrap().starts_with("\"2."));
    let inspector = world.inspect().await;
    assert_eq!(edited(&inspector).await, [(event.clone(), 2)]);
    let (stock, _) = inspector.until_whole(&event).await;
    assert_eq!((stock.total, stock.available), (60, 57));
}
