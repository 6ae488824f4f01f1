//! Limits per client address.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Weak};
use std::time::Duration;

use actix_governor::governor::NotUntil;
use actix_governor::governor::clock::{Clock, DefaultClock, QuantaInstant};
use actix_governor::governor::middleware::NoOpMiddleware;
use actix_governor::{GovernorConfig, GovernorConfigBuilder, KeyExtractor};
use actix_web::dev::ServiceRequest;
use actix_web::{HttpMessage, HttpResponse, HttpResponseBuilder, ResponseError};
use domain::request::network;

use crate::extract::ClientAddress;
use crate::problem::Problem;
use crate::server::RateLimits;

/// How often addresses that have their full burst again are forgotten.
const SWEEP: Duration = Duration::from_secs(60);

/// A limiter's configuration and its state.
type Limiter = GovernorConfig<PerClient, NoOpMiddleware<QuantaInstant>>;

/// The limiters, shared by every worker.
#[derive(Clone)]
pub(crate) struct RateLimiters {
    /// Whether they limit at all.
    pub(crate) enabled: bool,
    /// For every route but health.
    pub(crate) general: Limiter,
    /// For the routes where passwords and tokens can be guessed.
    pub(crate) auth: Limiter,
}

impl RateLimiters {
    /// The limiters of these limits; `None` limits nothing. A limit of zero counts as one.
    pub(crate) fn new(limits: Option<RateLimits>) -> Self {
        Self::per(limits, Duration::from_secs(1), Duration::from_secs(60))
    }

    /// The same, with the numbers of requests meant for spans of other lengths.
    pub(crate) fn per(limits: Option<RateLimits>, general: Duration, auth: Duration) -> Self {
        let set = limits.unwrap_or_default();
        Self {
            enabled: limits.is_some(),
            general: limiter(general, set.per_second, set.burst),
            auth: limiter(auth, set.auth_per_minute, set.auth_burst),
        }
    }

    /// Forgets addresses from time to time, as long as anybody uses the limiters; needs a
    /// runtime around it.
    pub(crate) fn sweep_in_background(&self) {
        if self.enabled {
            sweep(&self.general);
            sweep(&self.auth);
        }
    }
}

#[expect(
    clippy::expect_used,
    reason = "the builder refuses zeros alone, and there are none"
)]
fn limiter(span: Duration, requests: u32, burst: u32) -> Limiter {
    let period = span / requests.max(1);
    GovernorConfigBuilder::default()
        .key_extractor(PerClient)
        .period(period.max(Duration::from_nanos(1)))
        .burst_size(burst.max(1))
        .finish()
        .expect("neither period nor burst is zero")
}

fn sweep(limiter: &Limiter) {
    let state = Arc::downgrade(&limiter.limiter());
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(SWEEP);
        loop {
            tick.tick().await;
            // Gone with the last worker.
            let Some(state) = Weak::upgrade(&state) else {
                return;
            };
            state.retain_recent();
            state.shrink_to_fit();
        }
    });
}

/// One key per client: an IPv4 address, or the /64 network that an IPv6 client has for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PerClient;

impl KeyExtractor for PerClient {
    type Key = IpAddr;
    type KeyExtractionError = Problem;

    fn extract(&self, request: &ServiceRequest) -> Result<IpAddr, Problem> {
        let client = request.extensions().get::<ClientAddress>().copied();
        // Clients without an address share one key.
        let address = client.and_then(|client| client.0);
        Ok(network(address.unwrap_or(Ipv4Addr::UNSPECIFIED.into())))
    }

    fn exceed_rate_limit_response(
        &self,
        negative: &NotUntil<QuantaInstant>,
        _: HttpResponseBuilder,
    ) -> HttpResponse {
        let wait = negative.wait_time_from(DefaultClock::default().now());
        let detail = "Too many requests from this address; see Retry-After.";
        Problem::rate_limited(detail, wait).error_response()
    }
}
