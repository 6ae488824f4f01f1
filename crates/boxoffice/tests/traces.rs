//! Traces of the real program, as a collector gets them.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::process::Stdio;
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;

/// Ends what hangs; nothing here measures speed.
const PATIENCE: Duration = Duration::from_secs(30);

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.unwrap()
}

const TAKEN: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";

/// A collector, and the spans that it was sent with the name of their service.
struct Collector {
    address: String,
    spans: mpsc::UnboundedReceiver<(String, Span)>,
}

impl Collector {
    async fn start() -> Self {
        Self::answering(TAKEN.to_owned()).await
    }

    async fn answering(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sender, spans) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, sender.clone(), answer.clone()));
            }
        });
        Self { address, spans }
    }

    async fn span(&mut self) -> (String, Span) {
        soon(self.spans.recv()).await.unwrap()
    }
}

/// Takes what comes over one connection, as HTTP/1.1.
async fn take(stream: TcpStream, sender: mpsc::UnboundedSender<(String, Span)>, answer: String) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or_default() == 0 {
            return;
        }
        assert_eq!(line, "POST /v1/traces HTTP/1.1\r\n");
        let mut length = 0;
        while line != "\r\n" {
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            if let Some(number) = line.to_lowercase().strip_prefix("content-length:") {
                length = number.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await.unwrap();
        for of_service in ExportTraceServiceRequest::decode(&*body)
            .unwrap()
            .resource_spans
        {
            let resource = of_service.resource.unwrap();
            let name = attribute(&resource.attributes, "service.name");
            let scopes = of_service.scope_spans.into_iter();
            for span in scopes.flat_map(|scope| scope.spans) {
                let _ = sender.send((name.clone(), span));
            }
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

fn attribute(
    attributes: &[opentelemetry_proto::tonic::common::v1::KeyValue],
    name: &str,
) -> String {
    let mut named = attributes.iter().filter(|one| one.key == name);
    match named.next().unwrap().value.as_ref().unwrap().value.as_ref() {
        Some(Value::StringValue(text)) => text.clone(),
        Some(Value::IntValue(number)) => number.to_string(),
        other => unreachable!("{other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A running server; killed when this is dropped.
struct Server {
    child: Child,
    address: String,
    lines: mpsc::UnboundedReceiver<String>,
    _folder: TempDir,
}

impl Server {
    async fn start(collector: &str) -> Self {
        Self::start_with(collector, &[]).await
    }

    async fn start_with(collector: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_boxoffice"))
            .env_clear()
            .env("PORT", "0")
            .env("ADMIN_PORT", "off")
            .env("LOG_FORMAT", "json")
            .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{collector}"))
            .env("OTEL_SERVICE_NAME", "tickets")
            .env("OTEL_BSP_SCHEDULE_DELAY", "50")
            .envs(variables.iter().copied())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = soon(told.next_line()).await.unwrap().unwrap();
        let (_, address) = first.split_once("http://").unwrap();
        tokio::spawn(async move { while let Ok(Some(_)) = told.next_line().await {} });
        let (sender, lines) = mpsc::unbounded_channel();
        let mut logged = BufReader::new(child.stderr.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = logged.next_line().await {
                let _ = sender.send(line);
            }
        });
        Self {
            child,
            address: address.trim().to_owned(),
            lines,
            _folder: folder,
        }
    }

    /// Sends a request and returns the status.
    async fn get(&self, path: &str, header: &str) -> u16 {
        let mut stream = TcpStream::connect(&self.address).await.unwrap();
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{header}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        soon(stream.read_to_string(&mut answer)).await.unwrap();
        answer.get(9..12).unwrap().parse().unwrap()
    }

    /// The trace's id in the access line of that route.
    async fn logged_trace(&mut self, route: &str) -> String {
        loop {
            let line = soon(self.lines.recv()).await.unwrap();
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            if line["route"] == route {
                let span = &line["span"]["trace_id"];
                return span.as_str().unwrap().to_owned();
            }
        }
    }

    async fn stop(&mut self) {
        let process = rustix::process::Pid::from_raw(self.child.id().unwrap().cast_signed());
        rustix::process::kill_process(process.unwrap(), rustix::process::Signal::TERM).unwrap();
        assert!(soon(self.child.wait()).await.unwrap().success());
    }
}

#[tokio::test]
async fn a_request_is_a_span_of_the_trace_that_its_client_began() {
    let mut collector = Collector::start().await;
    let server = Server::start(&collector.address).await;
    let given = format!("traceparent: 00-{TRACE}-{PARENT}-01\r\nX-Request-Id: mine-1\r\n");
    let path = "/api/events/507f1f77bcf86cd799439011/fetchById?token=secret";
    assert_eq!(server.get(path, &given).await, 401);
    let (service, span) = collector.span().await;
    assert_eq!(service, "tickets");
    assert_eq!(span.name, "GET /api/events/{id}/fetchById");
    assert_eq!(
        (hex(&span.trace_id), hex(&span.parent_span_id)),
        (TRACE.to_owned(), PARENT.to_owned())
    );
    assert_eq!(span.span_id.len(), 8);
    assert_eq!(span.kind, 2);
    assert!(span.start_time_unix_nano <= span.end_time_unix_nano);
    for (name, value) in [
        ("http.request.method", "GET"),
        ("http.route", "/api/events/{id}/fetchById"),
        ("http.response.status_code", "401"),
        ("boxoffice.request_id", "mine-1"),
    ] {
        assert_eq!(attribute(&span.attributes, name), value);
    }
    assert!(!format!("{span:?}").contains("secret"));
}

#[tokio::test]
async fn a_trace_that_begins_here_has_the_id_of_the_log_line() {
    let mut collector = Collector::start().await;
    let mut server = Server::start(&collector.address).await;
    assert_eq!(server.get("/health/live", "").await, 200);
    let logged = server.logged_trace("/health/live").await;
    let (_, span) = collector.span().await;
    assert_eq!(hex(&span.trace_id), logged);
    assert!(span.parent_span_id.is_empty());
}

#[tokio::test]
async fn what_its_client_does_not_record_is_not_sent() {
    let mut collector = Collector::start().await;
    let mut server = Server::start(&collector.address).await;
    let given = |flags: &str| format!("traceparent: 00-{TRACE}-{PARENT}-{flags}\r\n");
    assert_eq!(server.get("/health/live", &given("00")).await, 200);
    assert_eq!(server.get("/health/ready", &given("01")).await, 200);
    // The end sends all that there is.
    server.stop().await;
    let (_, span) = collector.span().await;
    assert_eq!(span.name, "GET /health/ready");
    assert!(collector.spans.try_recv().is_err());
}

#[tokio::test]
async fn a_collector_that_never_answers_holds_nothing_up() {
    // Takes connections, and nothing from them.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut server = Server::start(&silent.local_addr().unwrap().to_string()).await;
    for _ in 0..20 {
        assert_eq!(server.get("/health/live", "").await, 200);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_collector_that_is_away_holds_nothing_up() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gone.local_addr().unwrap().to_string();
    drop(gone);
    let mut server = Server::start(&address).await;
    assert_eq!(server.get("/health/live", "").await, 200);
    server.stop().await;
}

#[tokio::test]
async fn spans_go_to_the_collector_and_nowhere_else() {
    // Whoever is sent there stands in its queue, also after the end.
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let url = format!("http://{}", elsewhere.local_addr().unwrap());
    let moved = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nLocation: {url}/v1/traces\r\nContent-Length: 0\r\n\r\n"
    );
    let mut collector = Collector::answering(moved).await;
    let proxies = ["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, url.as_str()));
    let mut server = Server::start_with(&collector.address, &proxies).await;
    assert_eq!(server.get("/health/live", "").await, 200);
    collector.span().await;
    server.stop().await;
    let heard = elsewhere.accept().unwrap_err();
    assert_eq!(heard.kind(), std::io::ErrorKind::WouldBlock);
}
