//! A look at the driver's pool of connections, by what it tells of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::metric::{PoolMeter, Sample};
use mongodb::event::EventHandler;
use mongodb::event::cmap::CmapEvent;

use crate::STORE;

/// Counts the connections to all servers together; clones share the numbers.
#[derive(Clone, Default, Debug)]
pub(crate) struct PoolCounts(Arc<Counts>);

#[derive(Default, Debug)]
struct Counts {
    open: AtomicUsize,
    in_use: AtomicUsize,
    failed: AtomicUsize,
    closed: AtomicUsize,
}

impl PoolCounts {
    /// What the driver is to tell.
    pub(crate) fn handler(&self) -> EventHandler<CmapEvent> {
        let counts = Arc::clone(&self.0);
        EventHandler::callback(move |event| counts.note(&event))
    }
}

impl Counts {
    fn note(&self, event: &CmapEvent) {
        match event {
            CmapEvent::ConnectionCreated(_) => self.open.fetch_add(1, Ordering::Relaxed),
            CmapEvent::ConnectionClosed(_) => {
                self.closed.fetch_add(1, Ordering::Relaxed);
                self.open.fetch_sub(1, Ordering::Relaxed)
            }
            CmapEvent::ConnectionCheckedOut(_) => self.in_use.fetch_add(1, Ordering::Relaxed),
            CmapEvent::ConnectionCheckedIn(_) => self.in_use.fetch_sub(1, Ordering::Relaxed),
            CmapEvent::ConnectionCheckoutFailed(_) => self.failed.fetch_add(1, Ordering::Relaxed),
            _ => return,
        };
    }
}

/// [`Sample`] of the driver's pool.
pub struct MongoPoolSample {
    counts: PoolCounts,
    meter: PoolMeter,
}

impl MongoPoolSample {
    pub(crate) fn new(counts: &PoolCounts, limit: u32) -> Self {
        Self {
            counts: counts.clone(),
            meter: PoolMeter::new(STORE, limit),
        }
    }
}

impl Sample for MongoPoolSample {
    fn sample(&self) {
        let Counts {
            open,
            in_use,
            failed,
            closed,
        } = &*self.counts.0;
        let open = open.load(Ordering::Relaxed);
        self.meter.set(open, in_use.load(Ordering::Relaxed));
        self.meter.failed_in_all(failed.load(Ordering::Relaxed));
        self.meter.closed_in_all(closed.load(Ordering::Relaxed));
    }
}
