//! How large groups are, and how many calls wait for the next one.

use metrics::{Counter, Gauge, Histogram};

use crate::metric::{GROUP_LIMIT, GROUP_REFUSED, GROUP_SIZE, GROUP_WAITING, count};

/// Measures the groups of one kind of call.
pub(super) struct GroupMeter {
    size: Histogram,
    waiting: Gauge,
    refused: Counter,
}

impl GroupMeter {
    /// For the groups of `kind`, where at most `limit` calls may wait.
    pub(super) fn new(kind: &'static str, limit: usize) -> Self {
        // A queue without a bound is never full, and never turns anybody away.
        let refused = if limit == usize::MAX {
            Counter::noop()
        } else {
            GROUP_LIMIT.gauge([kind]).set(count(limit));
            GROUP_REFUSED.counter([kind])
        };
        Self {
            size: GROUP_SIZE.histogram([kind]),
            waiting: GROUP_WAITING.gauge([kind]),
            refused,
        }
    }

    pub(super) fn group(&self, calls: usize) {
        self.size.record(count(calls));
    }

    pub(super) fn waiting(&self, calls: usize) {
        self.waiting.set(count(calls));
    }

    pub(super) fn refused(&self) {
        self.refused.increment(1);
    }
}
