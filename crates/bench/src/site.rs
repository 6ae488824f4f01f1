//! A server with its databases, and what can be measured there.

use std::path::Path;
use std::sync::Arc;

use crate::databases::{Buyer, Databases};
use crate::http::{request, request_with};
use crate::load::{NUMBER, Requests, over_http};
use crate::server::Server;
use crate::turns::Contender;
use crate::{Result, bare};

/// The tickets of an event that is not to be sold out.
pub(crate) const TICKETS: u32 = 1_000_000;
/// Users who book. Their number and that of the events have few divisors in common, so that everybody
/// comes to every event.
const BUYERS: u32 = 499;
/// More than a line cancels in all its rounds.
const MOST_CANCELLED: u32 = 100_000;

/// A server on databases with buyers in them.
pub(crate) struct Site<'a> {
    pub(crate) server: Server,
    pub(crate) databases: &'a Databases,
    pub(crate) buyers: Arc<[Buyer]>,
}

impl<'a> Site<'a> {
    /// Starts a server with groups of at most `batch` on databases that have no users yet.
    pub(crate) async fn start(
        program: &Path,
        databases: &'a Databases,
        batch: u32,
    ) -> Result<Site<'a>> {
        let server = Server::start(program, databases, batch).await?;
        let buyers = databases.buyers(BUYERS).await?.into();
        Ok(Self {
            server,
            databases,
            buyers,
        })
    }

    /// Another server on the same databases.
    pub(crate) async fn beside(&self, program: &Path, batch: u32) -> Result<Site<'a>> {
        Ok(Self {
            server: Server::start(program, self.databases, batch).await?,
            databases: self.databases,
            buyers: Arc::clone(&self.buyers),
        })
    }

    /// Bookings by bare drivers.
    pub(crate) fn bare(&self, callers: usize, events: usize) -> Contender<'_> {
        let what = match events {
            1 => "bare drivers, one hot event".to_owned(),
            events => format!("bare drivers, {events} events"),
        };
        Contender::new(what, callers, move |span| {
            Box::pin(bare::one_at_a_time(self.databases, callers, events, span))
        })
    }

    /// One find per read by the bare driver.
    pub(crate) fn finds(&self, events: &[String]) -> Contender<'_> {
        let events = events.to_vec();
        let what = format!("bare finds, {}", how_many(events.len()));
        Contender::new(what, 256, move |span| {
            Box::pin(bare::finds(self.databases, 256, events.clone(), span))
        })
    }

    /// Everybody books new events, each in turn.
    pub(crate) async fn book(&self, line: Bookings) -> Result<Contender<'_>> {
        let events = self.server.events(line.events, TICKETS).await?;
        let requests = self.requests(line, &events)?;
        Ok(self.http(line.what, line.callers, 201, requests))
    }

    /// Everybody asks for a ticket of an event that has none.
    pub(crate) async fn sold_out(&self, keyed: bool) -> Result<Contender<'_>> {
        let what = match keyed {
            true => "sold-out answers with a key",
            false => "sold-out answers",
        };
        let line = Bookings {
            keyed,
            ..Bookings::new(what, 1).by(256)
        };
        let events = self.server.events(1, 1).await?;
        let only_ticket = Bookings::new("", 1).request(&self.server.token, &events[0]);
        self.server.send(&only_ticket).await?;
        let requests = self.requests(line, &events)?;
        Ok(self.http(what, 256, 409, requests))
    }

    /// Cancels the newest bookings, which are spread over events.
    pub(crate) async fn cancel(&self) -> Result<Contender<'_>> {
        let newest = self.databases.bookings(MOST_CANCELLED).await?;
        let cancel = |id: i64| {
            let path = format!("/api/bookings/{id}/cancel-booking");
            request("DELETE", &path, &self.server.token, "")
        };
        let requests = Requests::once(newest.into_iter().map(cancel).collect());
        Ok(self.http("cancellations", 256, 200, requests))
    }

    /// Reads of events, each in turn.
    pub(crate) fn fetch(&self, events: &[String]) -> Contender<'_> {
        let fetch = |id: &String| self.get(&format!("/api/events/{id}/fetchById"));
        let requests = Requests::repeated(events.iter().map(fetch).collect());
        let what = format!("fetchById, {}", how_many(events.len()));
        self.http(&what, 256, 200, requests)
    }

    /// The first page of events.
    pub(crate) fn list(&self) -> Contender<'_> {
        let list = self.get("/api/events/paginate?limit=10");
        self.repeat("list of events", 64, list)
    }

    /// The bookings of somebody who has twenty or more of `event`.
    pub(crate) async fn mine(&self, event: &str) -> Result<Contender<'_>> {
        let token = self.server.customer(event, 20).await?;
        let path = "/api/bookings/my-bookings/paginate?limit=10";
        Ok(self.repeat("my bookings", 64, request("GET", path, &token, "")))
    }

    /// The same request from all, answered with 200.
    pub(crate) fn repeat(&self, what: &str, callers: usize, request: Vec<u8>) -> Contender<'_> {
        self.http(what, callers, 200, Requests::repeated(vec![request]))
    }

    fn get(&self, path: &str) -> Vec<u8> {
        request("GET", path, &self.server.token, "")
    }

    fn http(
        &self,
        what: &str,
        callers: usize,
        wanted: u16,
        requests: Arc<Requests>,
    ) -> Contender<'_> {
        Contender::new(what.to_owned(), callers, move |span| {
            let (address, requests) = (self.server.address, Arc::clone(&requests));
            Box::pin(async move { over_http(address, callers, span, wanted, &requests).await })
        })
    }

    /// Every buyer books every event in turn.
    fn requests(&self, line: Bookings, events: &[String]) -> Result<Arc<Requests>> {
        let tokens = self.buyers.iter().map(|buyer| self.server.token_of(buyer));
        let tokens = tokens.collect::<Result<Vec<String>>>()?;
        let requests = (0..tokens.len() * events.len()).map(|number| {
            let (buyer, event) = (number % tokens.len(), number % events.len());
            line.request(&tokens[buyer], &events[event])
        });
        Ok(Requests::repeated(requests.collect()))
    }
}

fn how_many(events: usize) -> &'static str {
    match events {
        1 => "one hot event",
        _ => "1,000 events",
    }
}

/// A line of bookings.
#[derive(Clone, Copy)]
pub(crate) struct Bookings {
    what: &'static str,
    pub(crate) events: usize,
    callers: usize,
    keyed: bool,
}

impl Bookings {
    pub(crate) fn new(what: &'static str, events: usize) -> Self {
        Self {
            what,
            events,
            callers: 1,
            keyed: false,
        }
    }

    pub(crate) fn by(self, callers: usize) -> Self {
        Self { callers, ..self }
    }

    /// The same with a key of its own for each call.
    pub(crate) fn keyed(self, what: &'static str) -> Self {
        Self {
            what,
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
