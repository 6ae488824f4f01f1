//! A caller of the API.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// The longest that any answer may take. Nothing here measures speed; this ends what hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// A caller, perhaps with a token.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; null if it is no JSON.
    pub body: Value,
    /// The body as it came.
    pub text: String,
}

impl Client {
    /// A caller of the server at `base`, without a token.
    pub fn new(base: &str) -> Self {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            .no_proxy()
            .build()
            .unwrap();
        Self {
            http,
            base: base.to_owned(),
            token: None,
        }
    }

    /// The same caller with a token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same caller at another server.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self {
            base: base.to_owned(),
            ..self.clone()
        }
    }

    /// The token.
    pub fn token(&self) -> &str {
        self.token.as_deref().expect("this caller is not signed in")
    }

    /// A request that is not sent yet.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends a request; `None` when there is no answer.
    pub async fn try_send(&self, request: RequestBuilder) -> Option<Answer> {
        let answer = request.send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let text = answer.text().await.ok()?;
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Some(Answer {
            status,
            headers,
            body,
            text,
        })
    }

    /// Sends a request and gets an answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        self.try_send(request).await.expect("no answer")
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// POST with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// PUT with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// POST with a body as it stands.
    pub async fn post_text(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        self.send(self.text_request(Method::POST, path, body)).await
    }

    /// PUT with a body as it stands.
    pub async fn put_text(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        self.send(self.text_request(Method::PUT, path, body)).await
    }

    fn text_request(
        &self,
        method: Method,
        path: &str,
        body: impl Into<reqwest::Body>,
    ) -> RequestBuilder {
        self.request(method, path)
            .header("Content-Type", "application/json")
            .body(body)
    }

    /// Sends a whole request under a key, and reads nothing of the answer, as long as the connection is
    /// held. Without a body if `body` is empty.
    pub async fn send_unread(
        &self,
        method: &Method,
        path: &str,
        body: &str,
        key: &str,
    ) -> TcpStream {
        let address = self.base.trim_start_matches("http://");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\n\
             Authorization: Bearer {}\r\nIdempotency-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.token(),
            body.len()
        );
        let mut connection = TcpStream::connect(address).await.unwrap();
        connection.write_all(request.as_bytes()).await.unwrap();
        connection
    }

    /// A request to book.
    pub fn booking(&self, event: &str, quantity: u32, key: Option<&str>) -> RequestBuilder {
        let body = json!({"eventId": event, "quantity": quantity});
        let request = self
            .request(Method::POST, "/api/bookings/create-booking")
            .json(&body);
        match key {
            Some(key) => request.header("Idempotency-Key", key),
            None => request,
        }
    }

    /// Books.
    pub async fn book(&self, event: &str, quantity: u32) -> Answer {
        self.send(self.booking(event, quantity, None)).await
    }

    /// Books under a key.
    pub async fn book_with_key(&self, event: &str, quantity: u32, key: &str) -> Answer {
        self.send(self.booking(event, quantity, Some(key))).await
    }

    /// Cancels.
    pub async fn cancel(&self, booking: i64) -> Answer {
        self.delete(&format!("/api/bookings/{booking}/cancel-booking"))
            .await
    }

    /// The event as the API shows it.
    pub async fn event(&self, event: &str) -> Value {
        self.get(&format!("/api/events/{event}/fetchById"))
            .await
            .expect(200)
            .body
    }

    /// How many tickets the API says are available.
    pub async fn available(&self, event: &str) -> i64 {
        self.event(event).await["availableTickets"]
            .as_i64()
            .unwrap()
    }
}

impl Answer {
    /// This answer, which must have that status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// Asserts that it is a problem as RFC 9457 and the contract have it.
    #[track_caller]
    pub fn expect_problem(self, status: u16, code: &str) -> Self {
        assert_eq!(
            (self.status, self.body["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.text
        );
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(self.body["status"], status);
        for member in ["type", "title", "detail", "requestId"] {
            assert!(self.body[member].is_string(), "{member}: {}", self.text);
        }
        assert_eq!(self.header("x-request-id"), self.body["requestId"].as_str());
        if status == 401 {
            assert_eq!(
                self.header("www-authenticate").map(|value| &value[..6]),
                Some("Bearer")
            );
        }
        if matches!(status, 429 | 503) || code == "idempotency_in_progress" {
            assert!(self.header("retry-after").is_some(), "{:?}", self.headers);
        }
        if status == 422 && code == "validation_failed" {
            let errors = self.body["errors"].as_array().expect("no errors");
            assert!(!errors.is_empty());
            assert!(
                errors
                    .iter()
                    .all(|e| e["field"].is_string() && e["message"].is_string())
            );
        }
        self
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The fields that a 422 complains about.
    pub fn fields(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().into_iter().flatten();
        errors.filter_map(|error| error["field"].as_str()).collect()
    }

    /// The numeric `id` of the body.
    #[track_caller]
    pub fn number(&self) -> i64 {
        self.body["id"]
            .as_i64()
            .unwrap_or_else(|| panic!("{}", self.text))
    }

    /// The textual `id` of the body.
    #[track_caller]
    pub fn id(&self) -> String {
        self.body["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{}", self.text))
            .to_owned()
    }
}
