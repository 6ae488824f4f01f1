//! What verifying finds.

use std::time::Duration;

use super::Balance;
use crate::event::EventId;
use crate::stock::{Recovered, TicketType};

/// Something to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// The equation does not hold.
    Broken {
        /// The event.
        event_id: EventId,
        /// The types of ticket for which it does not.
        balances: Vec<Balance>,
    },
    /// The event's stock makes no sense.
    Unreadable {
        /// The event.
        event_id: EventId,
    },
    /// The event never stood still, or its balance was never the same; it was not checked.
    Undecided {
        /// The event.
        event_id: EventId,
    },
    /// There are bookings of an event that does not exist.
    UnknownEvent {
        /// The event.
        event_id: EventId,
        /// The tickets of those that are confirmed.
        tickets: i64,
    },
    /// Reservations that nobody brought to their end.
    OldHolds {
        /// The event.
        event_id: EventId,
        /// How many.
        holds: usize,
        /// The age of the oldest.
        oldest: Duration,
    },
    /// The event has been closed for reservations for long.
    OldClosing {
        /// The event.
        event_id: EventId,
        /// For how long.
        age: Duration,
    },
    /// The event's stock was corrected.
    Repaired {
        /// The event.
        event_id: EventId,
        /// What was changed.
        changes: Vec<Change>,
    },
    /// More tickets are booked than there are.
    Oversold {
        /// The event.
        event_id: EventId,
        /// The type of ticket.
        ticket_type: TicketType,
        /// How many too many.
        tickets: i64,
    },
    /// The event could not be repaired.
    NotRepaired {
        /// The event.
        event_id: EventId,
        /// Why.
        why: &'static str,
    },
}

/// What was changed in a type's stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The type of ticket.
    pub ticket_type: TicketType,
    /// The available tickets before and after.
    pub available: (i64, i64),
    /// The returned tickets before and after.
    pub returned: (i64, i64),
}

/// Is told what verifying finds, while it goes on: the whole may not fit into memory.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Report: Send + Sync {
    /// Something was found.
    fn finding(&self, finding: &Finding);

    /// So many events were looked at.
    fn progress(&self, events: u64);
}

/// What it all came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Events that were looked at.
    pub events: u64,
    /// Those that are broken, and stay so.
    pub broken: u64,
    /// Those that were not checked.
    pub undecided: u64,
    /// Events that do not exist and have bookings.
    pub unknown: u64,
    /// Events that were broken and are repaired.
    pub repaired: u64,
    /// Events with reservations that nobody brought to their end.
    pub old_holds: u64,
    /// Events that have been closed for long.
    pub old_closings: u64,
    /// What a repair brought to its end.
    pub recovered: Recovered,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every event is whole.
    Whole,
    /// Something is broken.
    Broken,
    /// Nothing is known to be broken, but something was not checked.
    Undecided,
}

impl Summary {
    /// The answer.
    pub fn outcome(&self) -> Outcome {
        if self.broken + self.unknown > 0 {
            Outcome::Broken
        } else if self.undecided > 0 {
            Outcome::Undecided
        } else {
            Outcome::Whole
        }
    }
}
