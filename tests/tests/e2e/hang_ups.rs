//! Clients that go away without waiting for their answer.

use std::net::SocketAddr;

use tests::World;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Sends a whole booking and hangs up at once.
async fn book_and_hang_up(address: SocketAddr, token: &str, event: &str, key: &str) {
    let body = format!(r#"{{"eventId":"{event}"}}"#);
    let request = format!(
        "POST /api/bookings/create-booking HTTP/1.1\r\nHost: {address}\r\n\
         Authorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(request.as_bytes()).await.unwrap();
}

#[tokio::test]
async fn a_client_that_hangs_up_leaves_nothing_half_done() {
    let world = World::new().await;
    let event = world.event(100).await;
    let address = world.server.base().replace("http://", "").parse().unwrap();
    let token = world.admin.client.token();
    let keys: Vec<String> = (0..40).map(|n| format!("key-{n}")).collect();
    for key in &keys {
        book_and_hang_up(address, token, &event, key).await;
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
