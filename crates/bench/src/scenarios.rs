//! What is measured.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crate::databases::{Databases, Size};
use crate::http::{request, request_with};
use crate::load::{Measured, NUMBER, Requests, over_http};
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
    /// What was there for the lines that say "grown".
    pub(crate) grown: Option<Size>,
    pub(crate) idle_memory: Option<u64>,
    pub(crate) busy_memory: Option<u64>,
}

const BARE: &str = "bare drivers, one at a time";
const FIND: &str = "one bare find per request";
/// The tickets of an event that is not to be sold out.
const TICKETS: u32 = 1_000_000;
/// The events that bookings are spread over.
const MANY: usize = 60;
/// Users who book. Their number and that of the events have few divisors in common, so that everybody
/// comes to every event.
const BUYERS: u32 = 499;
const MOST_CANCELLED: u32 = 40_000;
/// The events, with ten bookings each, that are there when everything is measured once more.
const GROWN: usize = 100_000;
const SMALL: &str = "before growing";

/// Runs the lines whose names, with their connections in brackets, contain `only` or, where that has
/// parts between `|`, any of them.
pub(crate) async fn run(
    program: &Path,
    databases: &Databases,
    span: Duration,
    only: &str,
) -> Result<Page> {
    let mut run = Run {
        databases,
        span,
        only,
        grown: false,
        buyers: Vec::new(),
        lines: Vec::new(),
    };
    let mut bare = HashMap::new();
    for (events, callers) in [(1, 1), (1, 256), (1, 1_024), (MANY, 256), (MANY, 1_024)] {
        let rate = run.bare(callers, events).await?;
        bare.insert((events, callers), rate);
    }
    let beside = |events, callers| Some((BARE, *bare.get(&(events, callers))?));

    let server = Server::start(program, databases, 1).await?;
    run.buyers = databases.buyers(BUYERS).await?;
    let off = Bookings::new("bookings, grouping off", 1);
    let lone = run.book(&server, off.by(1), None).await?;
    run.book(&server, off.by(256), beside(1, 256)).await?;
    drop(server);

    let server = Server::start(program, databases, 256).await?;
    let idle_memory = server.memory();
    let hot = Bookings::new("bookings, one hot event", 1);
    let lone = Some(("grouping off", lone));
    run.book(&server, hot.by(1), lone).await?;
    run.book(&server, hot.by(64), None).await?;
    run.book(&server, hot.by(256), beside(1, 256)).await?;
    run.book(&server, hot.by(1_024), beside(1, 1_024)).await?;
    let busy_memory = server.memory();
    let spread = Bookings::new("bookings, 60 events", MANY);
    run.book(&server, spread.by(256), beside(MANY, 256)).await?;
    run.book(&server, spread.by(1_024), beside(MANY, 1_024))
        .await?;
    for keyed in [
        Bookings::new("bookings with a key, one hot event", 1).keyed(),
        Bookings::new("bookings with a key, 60 events", MANY).keyed(),
    ] {
        for callers in [256, 1_024] {
            run.book(&server, keyed.by(callers), beside(keyed.events, callers))
                .await?;
        }
    }
    run.sold_out(&server, beside(1, 256)).await?;
    run.cancel(&server).await?;
    run.reads(&server).await?;
    let grown = run.grow(&server).await?;
    Ok(Page {
        lines: run.lines,
        grown,
        idle_memory,
        busy_memory,
    })
}

/// A line of bookings.
#[derive(Clone, Copy)]
struct Bookings {
    what: &'static str,
    events: usize,
    callers: usize,
    keyed: bool,
}

impl Bookings {
    fn new(what: &'static str, events: usize) -> Self {
        Self {
            what,
            events,
            callers: 1,
            keyed: false,
        }
    }

    fn by(self, callers: usize) -> Self {
        Self { callers, ..self }
    }

    /// Each call under a key of its own.
    fn keyed(self) -> Self {
        Self {
            keyed: true,
            ..self
        }
    }

    fn request(self, token: &str, event: &str) -> Vec<u8> {
        let body = format!("{{\"eventId\": \"{event}\"}}");
        let key = [format!("Idempotency-Key: bench-{NUMBER}")];
        let headers: &[String] = if self.keyed { &key } else { &[] };
        request_with(
            "POST",
            "/api/bookings/create-booking",
            token,
            headers,
            &body,
        )
    }
}

/// What a line is judged by.
type Beside = Option<(&'static str, f64)>;

struct Run<'a> {
    databases: &'a Databases,
    span: Duration,
    only: &'a str,
    /// Whether all those events and bookings are there.
    grown: bool,
    buyers: Vec<i64>,
    lines: Vec<Line>,
}

impl Run<'_> {
    fn note(&mut self, mut line: Line) -> f64 {
        if self.grown {
            let is_same = |other: &&Line| other.what == line.what && other.callers == line.callers;
            let before = self.lines.iter().find(is_same);
            line.beside = before.map(|line| (SMALL, line.measured.rate));
            line.what.push_str(", grown");
        }
        let measured = &line.measured;
        say(&format!(
            "{} ({}): {:.0}/s, p50 {:.1} ms, p99 {:.1} ms, others {}",
            line.what, line.callers, measured.rate, measured.p50, measured.p99, measured.others
        ));
        let rate = measured.rate;
        self.lines.push(line);
        rate
    }

    fn is_wanted(&self, what: &str, callers: usize) -> bool {
        let grown = if self.grown { ", grown" } else { "" };
        let line = format!("{what}{grown} ({callers})");
        self.only.split('|').any(|part| line.contains(part))
    }

    async fn bare(&mut self, callers: usize, events: usize) -> Result<f64> {
        let what = match events {
            1 => "bare drivers, one hot event".to_owned(),
            events => format!("bare drivers, {events} events"),
        };
        if !self.is_wanted(&what, callers) {
            return Ok(f64::NAN);
        }
        let measured = bare::one_at_a_time(self.databases, callers, events, self.span).await?;
        Ok(self.note(Line {
            what,
            callers,
            measured,
            beside: None,
        }))
    }

    async fn book(&mut self, server: &Server, line: Bookings, beside: Beside) -> Result<f64> {
        if !self.is_wanted(line.what, line.callers) {
            return Ok(f64::NAN);
        }
        let events = server.events(line.events, TICKETS).await?;
        let requests = self.requests(server, line, &events)?;
        self.send(server, line.what, line.callers, 201, requests, beside)
            .await
    }

    /// Everybody books every event in turn.
    fn requests(
        &self,
        server: &Server,
        line: Bookings,
        events: &[String],
    ) -> Result<Arc<Requests>> {
        let tokens = self.buyers.iter().map(|buyer| server.token_of(*buyer));
        let tokens = tokens.collect::<Result<Vec<String>>>()?;
        let requests = (0..tokens.len() * events.len()).map(|number| {
            let (buyer, event) = (number % tokens.len(), number % events.len());
            line.request(&tokens[buyer], &events[event])
        });
        Ok(Requests::repeated(requests.collect()))
    }

    async fn send(
        &mut self,
        server: &Server,
        what: &str,
        callers: usize,
        wanted: u16,
        requests: Arc<Requests>,
        beside: Beside,
    ) -> Result<f64> {
        if !self.is_wanted(what, callers) {
            return Ok(f64::NAN);
        }
        let measured = over_http(server.address, callers, self.span, wanted, &requests).await?;
        Ok(self.note(Line {
            what: what.to_owned(),
            callers,
            measured,
            beside,
        }))
    }

    async fn sold_out(&mut self, server: &Server, beside: Beside) -> Result<()> {
        let events = server.events(1, 1).await?;
        let line = Bookings::new("sold-out answers", 1).by(256);
        let only_ticket = line.request(&server.token, &events[0]);
        server.send(&only_ticket).await?;
        for line in [
            line,
            Bookings {
                what: "sold-out answers with a key",
                ..line
            }
            .keyed(),
        ] {
            let requests = self.requests(server, line, &events)?;
            self.send(server, line.what, line.callers, 409, requests, beside)
                .await?;
        }
        Ok(())
    }

    /// Cancels the newest bookings, which are spread over events.
    async fn cancel(&mut self, server: &Server) -> Result<()> {
        let newest = self.databases.bookings(MOST_CANCELLED).await?;
        let cancel = |id: i64| {
            let path = format!("/api/bookings/{id}/cancel-booking");
            request("DELETE", &path, &server.token, "")
        };
        let requests = newest.into_iter().map(cancel).collect();
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
        if self.grown {
            return Ok(());
        }
        let login = Requests::repeated(vec![request("POST", "/api/auth/login", "", LOGIN)]);
        self.send(server, "login, bcrypt cost 12", 2, 200, login, None)
            .await?;
        let live = Requests::repeated(vec![request("GET", "/health/live", "", "")]);
        self.send(server, "/health/live", 256, 200, live, None)
            .await?;
        Ok(())
    }

    /// Everything that could suffer from size once more, with a million bookings and a hundred thousand
    /// events there.
    async fn grow(&mut self, server: &Server) -> Result<Option<Size>> {
        if !self.only.is_empty() && !self.only.contains("grown") {
            return Ok(None);
        }
        say("growing");
        // The events to come are like the newest.
        server.events(1, TICKETS).await?;
        let size = self.databases.grow(GROWN, &self.buyers).await?;
        self.grown = true;
        for line in [
            Bookings::new("bookings, one hot event", 1),
            Bookings::new("bookings, 60 events", MANY),
        ] {
            for callers in [256, 1_024] {
                self.book(server, line.by(callers), None).await?;
            }
        }
        self.sold_out(server, None).await?;
        self.cancel(server).await?;
        self.reads(server).await?;
        Ok(Some(size))
    }
}
