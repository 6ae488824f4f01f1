//! The server under load.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::Result;
use crate::databases::{Buyer, Databases};
use crate::http::{Connection, request, request_with};

/// A running server with an admin; killed when this is dropped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) token: String,
    child: Child,
    _folder: TempDir,
}

const SECRET: &str = "a-secret-that-is-long-enough-for-a-bench";
const ADMIN: &str = r#"{"name":"Admin","email":"admin@example.com","password":"admin@1234"}"#;
pub(crate) const LOGIN: &str = r#"{"email":"admin@example.com","password":"admin@1234"}"#;

impl Server {
    /// Starts one with groups of at most `batch`.
    pub(crate) async fn start(program: &Path, databases: &Databases, batch: u32) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut child = Command::new(program)
            .env_clear()
            .env("MYSQL_URL", &databases.mysql_url)
            .env("MONGODB_URL", &databases.mongodb_url)
            .env("MIGRATE_ON_START", "true")
            .env("JWT_SECRET", SECRET)
            // Tokens outlive the run: nobody refreshes them.
            .env("JWT_TTL_SECONDS", "86400")
            .env("ADMIN_SETUP_TOKEN", "bench")
            .env("RATE_LIMIT", "off")
            .env("LOG_LEVEL", "warn")
            .env("PORT", "0")
            .env("BOOKING_BATCH_MAX", batch.to_string())
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no output")?;
        let mut lines = BufReader::new(stdout).lines();
        let address = loop {
            let line = lines.next_line().await?.ok_or("the server did not start")?;
            if let Some((_, address)) = line.split_once("http://") {
                break address.trim().parse()?;
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let mut server = Self {
            address,
            token: String::new(),
            child,
            _folder: folder,
        };
        server.sign_in().await?;
        Ok(server)
    }

    async fn sign_in(&mut self) -> Result<()> {
        // There is an admin from the second start on.
        let setup = ["X-Setup-Token: bench".to_owned()];
        let make = request_with("POST", "/api/auth/create-admin", "", &setup, ADMIN);
        Connection::open(self.address).await?.send(&make).await?;
        let login = self.call("POST", "/api/auth/login", LOGIN).await?;
        let body: Value = serde_json::from_str(&login)?;
        self.token = body["token"].as_str().ok_or("no token")?.to_owned();
        Ok(())
    }

    /// A token of a user's session, like that of the admin: signing in by password takes a quarter of a
    /// second each.
    pub(crate) fn token_of(&self, buyer: &Buyer) -> Result<String> {
        let key = jsonwebtoken::DecodingKey::from_secret(SECRET.as_bytes());
        let rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::HS256);
        let admins = jsonwebtoken::decode::<Value>(&self.token, &key, &rules)?;
        let mut claims = admins.claims;
        claims["sub"] = buyer.user.to_string().into();
        claims["sid"] = buyer.session.clone().into();
        claims["role"] = "user".into();
        let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
        Ok(jsonwebtoken::encode(&admins.header, &claims, &key)?)
    }

    /// One call; the answer's body.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &str) -> Result<String> {
        self.send(&request(method, path, &self.token, body)).await
    }

    /// One request on a connection of its own; the answer's body.
    pub(crate) async fn send(&self, request: &[u8]) -> Result<String> {
        Connection::open(self.address).await?.send(request).await
    }

    /// A customer with so many bookings; the token.
    pub(crate) async fn customer(&self, event: &str, bookings: u32) -> Result<String> {
        let body = ADMIN.replace("admin@e", "customer@e");
        self.call("POST", "/api/auth/create-user", &body).await?;
        let login = LOGIN.replace("admin@e", "customer@e");
        let login = self.call("POST", "/api/auth/login", &login).await?;
        let body: Value = serde_json::from_str(&login)?;
        let token = body["token"].as_str().ok_or("no token")?.to_owned();
        let book = format!("{{\"eventId\": \"{event}\"}}");
        let book = request("POST", "/api/bookings/create-booking", &token, &book);
        let mut connection = Connection::open(self.address).await?;
        for _ in 0..bookings {
            connection.send(&book).await?;
        }
        Ok(token)
    }

    /// Makes events with so many tickets each; their ids.
    pub(crate) async fn events(&self, count: usize, tickets: u32) -> Result<Vec<String>> {
        let body = json!({"title": "Bench", "description": "A night to remember", "date": "2999-01-01T00:00:00Z",
            "location": "Hall", "totalTickets": tickets, "metadata": {"tags": ["bench"]}});
        let body = body.to_string();
        let mut ids = Vec::with_capacity(count);
        for _ in 0..count {
            let answer = self.call("POST", "/api/events/create-event", &body).await?;
            let event: Value = serde_json::from_str(&answer)?;
            ids.push(event["id"].as_str().ok_or("no event")?.to_owned());
        }
        Ok(ids)
    }

    /// Memory that the process has in use, in MiB; where the system tells it.
    pub(crate) fn memory(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? / 1_024)
    }
}
