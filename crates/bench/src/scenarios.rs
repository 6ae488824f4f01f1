//! What is measured.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use crate::databases::Databases;
use crate::http::request;
use crate::load::{Measured, Requests, over_http};
use crate::server::{LOGIN, Server};
use crate::{Result, bare, say};

/// One line of the page.
pub(crate) struct Line {
    pub(crate) what: String,
    pub(crate) callers: usize,
    pub(crate) measured: Measured,
    /// What it is judged by, and that one's rate.
    pub(crate) beside: Option<(&'static str, f64)>,
}

/// All lines and the server's memory.
pub(crate) struct Page {
    pub(crate) lines: Vec<Line>,
    pub(crate) idle_memory: Option<u64>,
    pub(crate) busy_memory: Option<u64>,
}

const BARE: &str = "bare drivers, one at a time";
const FIND: &str = "one bare find per request";
const MANY: u32 = 1_000_000;

pub(crate) async fn run(program: &Path, databases: &Databases, span: Duration) -> Result<Page> {
    let mut run = Run {
        databases,
        span,
        lines: Vec::new(),
    };
    let hot = run.bare("bare drivers, one hot event", 256, 1).await?;
    let hot_1024 = run.bare("bare drivers, one hot event", 1_024, 1).await?;
    let spread = run.bare("bare drivers, 60 events", 256, 60).await?;
    let spread_1024 = run.bare("bare drivers, 60 events", 1_024, 60).await?;

    let server = Server::start(program, databases, 1).await?;
    let lone = run
        .book(&server, "bookings, grouping off", 1, 1, None)
        .await?;
    run.book(&server, "bookings, grouping off", 256, 1, Some((BARE, hot)))
        .await?;
    drop(server);

    let server = Server::start(program, databases, 256).await?;
    let idle_memory = server.memory();
    run.book(
        &server,
        "bookings, one hot event",
        1,
        1,
        Some(("grouping off", lone)),
    )
    .await?;
    run.book(&server, "bookings, one hot event", 64, 1, None)
        .await?;
    run.book(
        &server,
        "bookings, one hot event",
        256,
        1,
        Some((BARE, hot)),
    )
    .await?;
    run.book(
        &server,
        "bookings, one hot event",
        1_024,
        1,
        Some((BARE, hot_1024)),
    )
    .await?;
    let busy_memory = server.memory();
    run.book(
        &server,
        "bookings, 60 events",
        256,
        60,
        Some((BARE, spread)),
    )
    .await?;
    run.book(
        &server,
        "bookings, 60 events",
        1_024,
        60,
        Some((BARE, spread_1024)),
    )
    .await?;
    run.sold_out(&server, hot).await?;
    run.cancel(&server).await?;
    run.reads(&server).await?;
    Ok(Page {
        lines: run.lines,
        idle_memory,
        busy_memory,
    })
}

struct Run<'a> {
    databases: &'a Databases,
    span: Duration,
    lines: Vec<Line>,
}

fn booking(server: &Server, event: &str) -> Vec<u8> {
    let body = format!("{{\"eventId\": \"{event}\"}}");
    request("POST", "/api/bookings/create-booking", &server.token, &body)
}

impl Run<'_> {
    fn note(&mut self, line: Line) -> f64 {
        let measured = &line.measured;
        say(&format!(
            "{} ({}): {:.0}/s, p50 {:.1} ms, p99 {:.1} ms, others {}",
            line.what, line.callers, measured.rate, measured.p50, measured.p99, measured.others
        ));
        let rate = measured.rate;
        self.lines.push(line);
        rate
    }

    async fn bare(&mut self, what: &str, callers: usize, events: usize) -> Result<f64> {
        let measured = bare::one_at_a_time(self.databases, callers, events, self.span).await?;
        Ok(self.note(Line {
            what: what.to_owned(),
            callers,
            measured,
            beside: None,
        }))
    }

    async fn book(
        &mut self,
        server: &Server,
        what: &str,
        callers: usize,
        events: usize,
        beside: Option<(&'static str, f64)>,
    ) -> Result<f64> {
        let events = server.events(events, MANY).await?;
        let requests = events.iter().map(|event| booking(server, event)).collect();
        self.send(
            server,
            what,
            callers,
            201,
            Requests::repeated(requests),
            beside,
        )
        .await
    }

    async fn send(
        &mut self,
        server: &Server,
        what: &str,
        callers: usize,
        wanted: u16,
        requests: std::sync::Arc<Requests>,
        beside: Option<(&'static str, f64)>,
    ) -> Result<f64> {
        let measured = over_http(server.address, callers, self.span, wanted, &requests).await?;
        Ok(self.note(Line {
            what: what.to_owned(),
            callers,
            measured,
            beside,
        }))
    }

    async fn sold_out(&mut self, server: &Server, bare: f64) -> Result<()> {
        let events = server.events(1, 1).await?;
        server
            .call(
                "POST",
                "/api/bookings/create-booking",
                &format!("{{\"eventId\": \"{}\"}}", events[0]),
            )
            .await?;
        let requests = Requests::repeated(vec![booking(server, &events[0])]);
        self.send(
            server,
            "sold-out answers",
            256,
            409,
            requests,
            Some((BARE, bare)),
        )
        .await?;
        Ok(())
    }

    /// Cancels bookings that are made for it first.
    async fn cancel(&mut self, server: &Server) -> Result<()> {
        let mut requests = Vec::new();
        for page in 1..=150 {
            let path = format!("/api/bookings/my-bookings/paginate?limit=100&page={page}");
            let answer = server.call("GET", &path, "").await?;
            let body: Value = serde_json::from_str(&answer.body)?;
            let rows = body["data"].as_array().cloned().unwrap_or_default();
            let ids = rows.iter().filter_map(|row| row["id"].as_i64());
            requests.extend(ids.map(|id| {
                let path = format!("/api/bookings/{id}/cancel-booking");
                request("DELETE", &path, &server.token, "")
            }));
        }
        self.send(
            server,
            "cancellations",
            256,
            200,
            Requests::once(requests),
            None,
        )
        .await?;
        Ok(())
    }

    async fn reads(&mut self, server: &Server) -> Result<()> {
        let events = server.events(1_000, 100).await?;
        let get = |path: &str| request("GET", path, &server.token, "");
        let fetch = |id: &String| get(&format!("/api/events/{id}/fetchById"));
        let one = vec![events[0].clone()];
        let bare = bare::finds(self.databases, 256, one, self.span).await?.rate;
        let hot = Requests::repeated(vec![fetch(&events[0])]);
        self.send(
            server,
            "fetchById, one hot event",
            256,
            200,
            hot,
            Some((FIND, bare)),
        )
        .await?;
        let bare = bare::finds(self.databases, 256, events.clone(), self.span)
            .await?
            .rate;
        let spread = Requests::repeated(events.iter().map(fetch).collect());
        self.send(
            server,
            "fetchById, 1,000 events",
            256,
            200,
            spread,
            Some((FIND, bare)),
        )
        .await?;
        let list = Requests::repeated(vec![get("/api/events/paginate?limit=10")]);
        self.send(server, "list of events", 64, 200, list, None)
            .await?;
        let token = server.customer(&events[0], 20).await?;
        let path = "/api/bookings/my-bookings/paginate?limit=10";
        let mine = Requests::repeated(vec![request("GET", path, &token, "")]);
        self.send(server, "my bookings", 64, 200, mine, None)
            .await?;
        let login = Requests::repeated(vec![request("POST", "/api/auth/login", "", LOGIN)]);
        self.send(server, "login, bcrypt cost 12", 2, 200, login, None)
            .await?;
        let live = Requests::repeated(vec![request("GET", "/health/live", "", "")]);
        self.send(server, "/health/live", 256, 200, live, None)
            .await?;
        Ok(())
    }
}
