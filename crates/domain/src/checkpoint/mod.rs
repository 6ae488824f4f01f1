//! Checkpoints: by which a start notices that one of the two stores was restored to an earlier day.
//!
//! Both stores carry a number and a time. The number grows beside the bookings first and then beside the
//! events. So the events are never ahead, unless the bookings went back; and they are behind by what the
//! instances had in hand, unless the events went back.

mod ports;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub use ports::{FollowingCheckpoint, LeadingCheckpoint};
#[cfg(any(test, feature = "testing"))]
pub use ports::{MockFollowingCheckpoint, MockLeadingCheckpoint};

use crate::error::StoreError;
use crate::runtime::Clock;
use crate::time::Timestamp;

/// The time between two checkpoints of an instance.
pub const PERIOD: Duration = Duration::from_secs(10);
/// By how much the two may be apart in time, on top of the period: writes take their time, and the
/// instances' clocks differ.
const SLACK: Duration = Duration::from_secs(20);

/// A point that a store has reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The number; it only grows.
    pub n: u64,
    /// When it was reached, by the clock of the instance that wrote it.
    pub at: Timestamp,
}

/// The two stores are not of the same age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Apart {
    /// What the bookings have reached.
    pub bookings: Option<Checkpoint>,
    /// What the events have reached.
    pub events: Option<Checkpoint>,
}

impl Apart {
    /// Whether the bookings are the older ones.
    pub fn bookings_are_older(&self) -> bool {
        number(self.bookings) < number(self.events)
    }
}

fn number(checkpoint: Option<Checkpoint>) -> u64 {
    checkpoint.map_or(0, |checkpoint| checkpoint.n)
}

/// Writes checkpoints and compares them.
///
/// An instance writes none before it has compared, and goes on to the next one only when the last is in
/// both stores. So an outage of the events' store, however long, leaves the bookings ahead by one per
/// instance, all of them of the first ten seconds.
pub struct Checkpoints {
    bookings: Arc<dyn LeadingCheckpoint>,
    events: Arc<dyn FollowingCheckpoint>,
    clock: Arc<dyn Clock>,
    agreed: AtomicBool,
    /// What is beside the bookings and perhaps not yet beside the events.
    waiting: Mutex<Option<Checkpoint>>,
}

impl Checkpoints {
    /// The checkpoints of the two stores.
    pub fn new(
        bookings: Arc<dyn LeadingCheckpoint>,
        events: Arc<dyn FollowingCheckpoint>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            bookings,
            events,
            clock,
            agreed: AtomicBool::new(false),
            waiting: Mutex::default(),
        }
    }

    /// Compares the stores; `None` is agreement, and only then are checkpoints written.
    pub async fn compare(&self) -> Result<Option<Apart>, StoreError> {
        let found = self.read().await?;
        if is_apart(found) {
            return Ok(Some(found));
        }
        let bookings = found.bookings;
        // What a crash left between the two writes is made up for, so that crashes do not add up. And from
        // the very first start the events have a checkpoint: one that has none has lost it.
        let level = bookings.unwrap_or(Checkpoint {
            n: 0,
            at: self.clock.now(),
        });
        self.events.raise(level).await?;
        self.agreed.store(true, Ordering::Relaxed);
        Ok(None)
    }

    /// The same without writing anything, so that nothing may be written on the strength of it.
    pub async fn look(&self) -> Result<Option<Apart>, StoreError> {
        Ok(Some(self.read().await?).filter(|found| is_apart(*found)))
    }

    async fn read(&self) -> Result<Apart, StoreError> {
        // In this order: other instances write meanwhile, and must not seem to be ahead.
        let events = self.events.read().await?;
        let bookings = self.bookings.read().await?;
        Ok(Apart { bookings, events })
    }

    /// Writes the next checkpoint, once the stores were seen to agree.
    pub async fn write(&self) -> Result<(), StoreError> {
        if !self.agreed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let waiting = *self.waiting();
        let checkpoint = match waiting {
            Some(checkpoint) => checkpoint,
            None => self.bookings.advance(0, self.clock.now()).await?,
        };
        *self.waiting() = Some(checkpoint);
        self.events.raise(checkpoint).await?;
        *self.waiting() = None;
        Ok(())
    }

    /// Makes the stores agree, whatever they have reached: after a repair.
    pub async fn renew(&self) -> Result<(), StoreError> {
        let beyond = number(self.events.read().await?);
        let checkpoint = self.bookings.advance(beyond, self.clock.now()).await?;
        self.events.raise(checkpoint).await
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Checkpoint>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether more is between the two than crashes in the wrong moment can leave.
fn is_apart(found: Apart) -> bool {
    match (found.bookings, found.events) {
        (None, None) => false,
        (Some(bookings), Some(events)) if bookings.n >= events.n => {
            let many = bookings.n - events.n > 1;
            many && bookings.at > events.at.plus(PERIOD + SLACK)
        }
        // Before its first checkpoint an instance gives the events one with the number 0.
        (None, Some(events)) => events.n > 0,
        (Some(_), _) => true,
    }
}
