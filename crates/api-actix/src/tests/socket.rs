//! What only a socket shows: binding, slow and oversized bodies, a graceful stop.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::rt;
use async_trait::async_trait;
use domain::access::{AccessControl, AdmitError, InvalidToken};
use domain::request::Caller;
use tokio::sync::Notify;

use super::harness::{Mocks, limits, settings};
use crate::server::{HttpSettings, Services, bind};

/// Long enough for anything that works; a test that runs into it fails.
const PATIENCE: Duration = Duration::from_secs(30);

struct Running {
    address: SocketAddr,
    handle: ServerHandle,
    done: rt::task::JoinHandle<std::io::Result<()>>,
}

fn start(adjust: impl FnOnce(&mut HttpSettings)) -> Running {
    let mut settings = settings();
    adjust(&mut settings);
    start_with(Mocks::new().services(), settings)
}

fn start_with(services: Services, settings: HttpSettings) -> Running {
    let (server, address) = bind(services, settings).unwrap();
    Running {
        address,
        handle: server.handle(),
        done: rt::spawn(server),
    }
}

impl Running {
    async fn stop(self) {
        self.handle.stop(true).await;
        self.done.await.unwrap().unwrap();
    }
}

/// Sends `request` on a new connection and reads until the server hangs up.
async fn exchange(address: SocketAddr, request: Vec<u8>) -> String {
    let talk = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // The server may answer and hang up before all is sent.
        let _ = stream.write_all(&request);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        String::from_utf8(answer).unwrap()
    };
    rt::task::spawn_blocking(talk).await.unwrap()
}

fn login(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}\r\n"
    );
    [head.as_bytes(), body].concat()
}

#[actix_web::test]
async fn a_free_port_is_taken_and_a_graceful_stop_ends_it() {
    let running = start(|settings| settings.rate_limit = limits(9, 9));
    assert!(running.address.ip().is_loopback());
    assert_ne!(running.address.port(), 0);
    let request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let answer = exchange(running.address, request.to_vec()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"status":"live"}"#), "{answer}");
    assert!(!answer.to_lowercase().contains("\r\nserver:"), "{answer}");
    let address = running.address;
    running.stop().await;
    assert!(TcpStream::connect(address).is_err());
}

#[actix_web::test]
async fn a_huge_declared_body_is_answered_though_it_is_still_coming() {
    let running = start(|_| {});
    let body = vec![b'x'; 8_000_000];
    let request = login(&format!("Content-Length: {}\r\n", body.len()), &body);
    let answer = exchange(running.address, request).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("payload_too_large"), "{answer}");
    running.stop().await;
}

#[actix_web::test]
async fn a_huge_chunked_body_is_answered_too() {
    let running = start(|_| {});
    let chunk = [b"10000\r\n".as_slice(), &[b'x'; 0x10000], b"\r\n"].concat();
    let body = [chunk.repeat(100).as_slice(), b"0\r\n\r\n"].concat();
    let request = login("Transfer-Encoding: chunked\r\n", &body);
    let answer = exchange(running.address, request).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("payload_too_large"), "{answer}");
    running.stop().await;
}

#[actix_web::test]
async fn a_body_that_does_not_arrive_is_the_clients_fault() {
    let running = start(|settings| settings.request_deadline = Duration::from_millis(50));
    let request = login("Content-Length: 100\r\n", b"{\"email\":");
    let answer = exchange(running.address, request).await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("malformed_request"), "{answer}");
    assert!(answer.contains("did not arrive in time"), "{answer}");
    running.stop().await;
}

#[actix_web::test]
async fn requests_on_one_connection_have_their_own_ids() {
    let running = start(|settings| {
        let count = std::sync::atomic::AtomicU64::new(0);
        settings.new_request_id = Arc::new(move || {
            let n = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            domain::request::RequestId::parse(&format!("id-{n}")).unwrap()
        });
    });
    let one = "GET /nothing HTTP/1.1\r\nHost: localhost\r\n";
    let two = format!("{one}\r\n{one}Connection: close\r\n\r\n");
    let answer = exchange(running.address, two.into_bytes()).await;
    let ids: Vec<&str> = answer.split(r#""requestId":"id-"#).skip(1).collect();
    assert_eq!(ids.len(), 2, "{answer}");
    let number = |id: &str| id.split('"').next().unwrap().parse::<u64>().unwrap();
    assert_ne!(number(ids[0]), number(ids[1]), "{answer}");
    running.stop().await;
}

/// Says when somebody wants in, and answers when told to.
#[derive(Default)]
struct Doorkeeper {
    asked: Notify,
    answer: Notify,
}

#[async_trait]
impl AccessControl for Doorkeeper {
    async fn admit(&self, _: &str) -> Result<Caller, AdmitError> {
        self.asked.notify_one();
        self.answer.notified().await;
        Err(InvalidToken.into())
    }
}

#[actix_web::test]
async fn a_request_in_flight_is_answered_before_a_graceful_stop() {
    let door = Arc::new(Doorkeeper::default());
    let services = Services {
        access: Arc::<Doorkeeper>::clone(&door),
        ..Mocks::new().services()
    };
    let running = start_with(services, settings());
    let address = running.address;
    let request =
        "GET /api/auth/user-profile HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n";
    let answer = rt::spawn(exchange(address, request.into()));
    door.asked.notified().await;
    let stopping = rt::spawn(running.stop());
    while TcpStream::connect(address).is_ok() {
        rt::task::yield_now().await;
    }
    door.answer.notify_one();
    let answer = answer.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    stopping.await.unwrap();
}

#[actix_web::test]
async fn what_cannot_be_served_is_refused_at_once() {
    let attempt = |adjust: fn(&mut HttpSettings)| {
        let mut settings = settings();
        adjust(&mut settings);
        bind(Mocks::new().services(), settings).map(|_| ()).is_err()
    };
    assert!(attempt(|s| s.cors_origins = vec!["shop.example".to_owned()]));
    assert!(attempt(|s| s.host = "no.such.host.invalid".to_owned()));
    assert!(attempt(|s| s.host = "192.0.2.1".to_owned()));
}
