//! SIGTERM while requests are on their way.

use std::net::SocketAddr;

use tests::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A booking whose body is held back until the server said that it waits for it: so the test knows,
/// without any timing, that the request is in flight.
struct HeldBack {
    connection: TcpStream,
    body: String,
}

impl HeldBack {
    async fn send_head(address: SocketAddr, token: &str, event: &str) -> Self {
        let body = format!(r#"{{"eventId":"{event}"}}"#);
        let head = format!(
            "POST /api/bookings/create-booking HTTP/1.1\r\nHost: {address}\r\n\
             Authorization: Bearer {token}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nExpect: 100-continue\r\n\r\n",
            body.len()
        );
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(head.as_bytes()).await.unwrap();
        let mut go_on = [0; 25];
        connection.read_exact(&mut go_on).await.unwrap();
        assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
        Self { connection, body }
    }

    /// Sends the body and returns the answer as text.
    async fn finish(mut self) -> String {
        let body = self.body.as_bytes();
        self.connection.write_all(body).await.unwrap();
        let mut answer = String::new();
        self.connection.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

#[tokio::test]
async fn a_request_in_flight_is_answered_and_no_new_one_is_taken() {
    let mut world = World::new().await;
    let event = world.event(10).await;
    let address = world.server.base().replace("http://", "").parse().unwrap();
    let mut held_back = Vec::new();
    for _ in 0..3 {
        let token = world.admin.client.token();
        held_back.push(HeldBack::send_head(address, token, &event).await);
    }

    world.server.terminate();
    tests::until_true("nobody listens any more", async || {
        TcpStream::connect(address).await.is_err()
    })
    .await;
    for request in held_back {
        let answer = request.finish().await;
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    }
    assert!(world.server.ended().await.success());

    // What was answered is on disk, and settled: nothing is left for a recovery.
    let inspector = world.inspect().await;
    let (stock, rows) = (
        inspector.stock(&event).await,
        inspector.bookings(&event).await,
    );
    tests::Inspector::assert_whole(&stock, &rows, 0);
    assert_eq!((stock.available, rows.len()), (7, 3));
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let mut world = World::new().await;
    let address: SocketAddr = world.server.base().replace("http://", "").parse().unwrap();
    let _silent = TcpStream::connect(address).await.unwrap();
    // The harness's own client keeps a connection alive, too.
    world.server.client().get("/health/live").await.expect(200);
    world.server.terminate();
    assert!(world.server.ended().await.success());
}

#[tokio::test]
async fn readiness_turns_off_first_and_requests_are_still_answered() {
    // So long that nothing but the second signal ends the wait.
    let mut world = World::with(&[("SHUTDOWN_DELAY_SECONDS", "300")]).await;
    let event = world.event(10).await;
    world.server.client().get("/health/ready").await.expect(200);

    world.server.terminate();
    tests::until_true("it says that it is not ready", async || {
        let answer = world.server.client().get("/health/ready").await;
        answer.status == 503 && answer.body["parts"]["server"] == "away"
    })
    .await;
    // A connection of its own, as from a load balancer that has not looked yet.
    let user = world.user("late").await;
    user.client.book(&event, 1).await.expect(201);

    world.server.terminate();
    assert!(world.server.ended().await.success());
}
