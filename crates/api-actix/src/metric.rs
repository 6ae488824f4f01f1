//! How many requests there are, what they come to, and how long they take.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use domain::metric::Histogram;
use domain::metric::Kind::Histogram as Buckets;

/// From the fastest answer to the deadline of every request.
const LATENCIES: &[f64] = &[
    0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0,
];

domain::metric_table! {
    REQUESTS: Buckets(LATENCIES), "boxoffice_http_request_duration_seconds", ["route", "method", "status"],
        "How long requests took, by route pattern (none: turned away before a route was found), method and status.";
}

/// The pattern of a route: what a request is measured and logged as, never its path.
#[derive(Clone, Copy)]
pub(crate) struct RoutePattern(pub(crate) &'static str);

type Handles = HashMap<(&'static str, &'static str, u16), Histogram>;

thread_local! {
    /// Each worker keeps the handles that it used: no look into the registry, and no lock, per request.
    static HANDLES: RefCell<Handles> = RefCell::default();
}

/// Counts an answered request.
pub(crate) fn note(route: &'static str, method: &'static str, status: u16, took: Duration) {
    HANDLES.with_borrow_mut(|handles| {
        let handle = handles.entry((route, method, status)).or_insert_with(|| {
            REQUESTS.histogram([route, method, &status.to_string()].map(str::to_owned))
        });
        handle.record(took.as_secs_f64());
    });
}
