//! Closed-loop load: each caller sends its next call when the last is answered.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;

use crate::Result;
use crate::http::Connection;

/// What came of a measurement.
#[derive(Debug, Clone)]
pub(crate) struct Measured {
    /// Calls per second that ended as they should.
    pub(crate) rate: f64,
    /// Milliseconds that half of them took at most.
    pub(crate) p50: f64,
    /// Milliseconds that 99 of 100 took at most.
    pub(crate) p99: f64,
    /// Calls that ended otherwise.
    pub(crate) others: usize,
}

/// Where in a request a number goes that no other call has.
pub(crate) const NUMBER: &str = "NNNNNNNNNNNN";

/// Requests that callers take in turn; after the last comes the first.
pub(crate) struct Requests {
    /// Each with the place of its [`NUMBER`], if it has one.
    requests: Vec<(Vec<u8>, Option<usize>)>,
    next: AtomicUsize,
    repeat: bool,
}

impl Requests {
    pub(crate) fn repeated(requests: Vec<Vec<u8>>) -> Arc<Self> {
        Self::new(requests, true)
    }

    /// Each once.
    pub(crate) fn once(requests: Vec<Vec<u8>>) -> Arc<Self> {
        Self::new(requests, false)
    }

    fn new(requests: Vec<Vec<u8>>, repeat: bool) -> Arc<Self> {
        let place = |bytes: &Vec<u8>| {
            let mut windows = bytes.windows(NUMBER.len());
            windows.position(|window| window == NUMBER.as_bytes())
        };
        let requests = requests.into_iter().map(|bytes| {
            let place = place(&bytes);
            (bytes, place)
        });
        Arc::new(Self {
            requests: requests.collect(),
            next: AtomicUsize::new(0),
            repeat,
        })
    }

    /// Puts the next request into `bytes`; `false` if there is none.
    fn take(&self, bytes: &mut Vec<u8>) -> bool {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let index = if self.repeat {
            number % self.requests.len()
        } else {
            number
        };
        let Some((request, place)) = self.requests.get(index) else {
            return false;
        };
        bytes.clear();
        bytes.extend_from_slice(request);
        if let Some(place) = *place {
            let call = CALLS.fetch_add(1, Ordering::Relaxed);
            let text = format!("{call:0width$}", width = NUMBER.len());
            bytes[place..place + NUMBER.len()].copy_from_slice(text.as_bytes());
        }
        true
    }
}

/// Lets `callers` send for `span`; calls answered with `wanted` count.
pub(crate) async fn over_http(
    address: SocketAddr,
    callers: usize,
    span: Duration,
    wanted: u16,
    requests: &Arc<Requests>,
) -> Result<Measured> {
    let connections = try_join_all((0..callers).map(|_| Connection::open(address))).await?;
    let start = Instant::now();
    let tasks = connections.into_iter().map(|mut connection| {
        let requests = Arc::clone(requests);
        tokio::spawn(async move {
            let (mut took, mut others, mut request) = (Vec::new(), 0, Vec::new());
            while start.elapsed() < span && requests.take(&mut request) {
                let begun = Instant::now();
                match connection.exchange(&request).await?.0 {
                    status if status == wanted => took.push(begun.elapsed()),
                    _ => others += 1,
                }
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>((took, others))
        })
    });
    let mut all = (Vec::new(), 0);
    for task in tasks.collect::<Vec<_>>() {
        let (took, others) = task.await??;
        all.0.extend(took);
        all.1 += others;
    }
    Ok(summary(all.0, all.1, start.elapsed()))
}

/// The summary of calls that took so long.
pub(crate) fn summary(mut took: Vec<Duration>, others: usize, span: Duration) -> Measured {
    took.sort_unstable();
    let at = |part: usize| {
        let index = (took.len() * part / 100).min(took.len().saturating_sub(1));
        took.get(index)
            .map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    };
    let count = u32::try_from(took.len()).unwrap_or(u32::MAX);
    Measured {
        rate: f64::from(count) / span.as_secs_f64(),
        p50: at(50),
        p99: at(99),
        others,
    }
}
