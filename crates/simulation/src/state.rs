//! The contents of both stores side by side, and what must be true of them at every moment.

use std::collections::BTreeMap;

use domain::booking::{Booking, ReservationRow};
use domain::event::{EventId, Revision};
use tokio::time::Instant;

use crate::documents::{Collections, Document, ReplicaSet};
use crate::relational::{Engine, Tables, is_confirmed};

/// Both stores, and what was seen of them.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) relational: Engine,
    pub(crate) documents: ReplicaSet,
    /// Of the primary and of a majority.
    seen: BTreeMap<EventId, [Vec<Moment>; 2]>,
    violations: Vec<String>,
}

/// What an event is from a moment on, or that it is not there.
struct Moment {
    since: Instant,
    seen: Option<Seen>,
}

/// What of an event is remembered of each moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) total: i64,
    pub(crate) available: i64,
    pub(crate) revision: Revision,
}

impl State {
    /// Notes that something is not as it must be.
    pub(crate) fn violated(&mut self, what: String) {
        self.violations.push(what);
    }

    /// What was not as it must be.
    pub(crate) fn violations(&self) -> &[String] {
        &self.violations
    }

    /// From now on the event is looked at.
    pub(crate) fn watch(&mut self, event: EventId) {
        self.seen.entry(event).or_default();
        self.verify();
    }

    /// Checks the equation. It holds whichever way one looks: at what the primary or a majority has, and
    /// at what is visible in the tables or on their disk.
    pub(crate) fn verify(&mut self) {
        if !self.violations.is_empty() {
            return;
        }
        let copies = [
            ("primary", &self.documents.primary),
            ("majority", &self.documents.majority),
        ];
        let tables = [
            ("visible", &self.relational.live),
            ("on disk", &self.relational.disk),
        ];
        for (event, moments) in &mut self.seen {
            for ((copy_name, copy), moments) in copies.iter().zip(moments) {
                note_moment(moments, copy.events.get(event));
                for (tables_name, tables) in &tables {
                    if let Some(wrong) = imbalance(copy, tables, *event) {
                        let seen = format!("{copy_name}, {tables_name}: {wrong}");
                        self.violations.push(seen);
                    }
                }
            }
        }
    }

    /// Whether at some moment from `since` to now some copy of the event was as `asked`.
    pub(crate) fn was(
        &self,
        event: EventId,
        since: Instant,
        asked: impl Fn(Option<Seen>) -> bool,
    ) -> bool {
        let copies = self.seen.get(&event).into_iter().flatten();
        copies.into_iter().any(|moments| {
            // Backwards: what came after `since`, and the one moment that `since` fell into.
            for moment in moments.iter().rev() {
                if asked(moment.seen) {
                    return true;
                }
                if moment.since < since {
                    break;
                }
            }
            false
        })
    }

    /// What the event was when the primary deleted it, or is there now.
    pub(crate) fn last_seen(&self, event: EventId) -> Option<Seen> {
        let [primary, _] = self.seen.get(&event)?;
        primary.iter().rev().find_map(|moment| moment.seen)
    }
}

fn note_moment(moments: &mut Vec<Moment>, document: Option<&Document>) {
    let seen = document.map(|document| Seen {
        total: document.total,
        available: document.available,
        revision: document.version.revision,
    });
    if moments.last().is_none_or(|last| last.seen != seen) {
        let since = Instant::now();
        moments.push(Moment { since, seen });
    }
}

/// What does not add up, if anything.
fn imbalance(copy: &Collections, tables: &Tables, event: EventId) -> Option<String> {
    let Some(document) = copy.events.get(&event) else {
        let lost = tables.bookings_of(event).next()?;
        return Some(format!("booking {} has no event", lost.id));
    };
    let (total, available) = (document.total, document.available);
    if available < 0 || available > total {
        return Some(format!("{available} of {total} tickets are available"));
    }
    let sold: i64 = confirmed(tables, event).map(tickets).sum();
    let held: i64 = document
        .holds
        .iter()
        .filter(|entry| {
            let row = tables.reservation(entry.hold.at.reservation_id);
            !matches!(row, ReservationRow::Booked(_))
        })
        .map(|entry| i64::from(entry.hold.quantity.get()))
        .sum();
    let returned = i128::from(tables.returned(event)) - i128::from(document.returned);
    if returned < 0 {
        return Some(format!("{} tickets came back twice", -returned));
    }
    let away = i128::from(sold + held) + returned;
    (i128::from(total - available) != away).then(|| {
        format!("{total} - {available} tickets are not {sold} sold + {held} held + {returned} on their way back")
    })
}

fn confirmed(tables: &Tables, event: EventId) -> impl Iterator<Item = &Booking> {
    let bookings = tables.bookings_of(event);
    bookings.filter(|booking| is_confirmed(booking))
}

fn tickets(booking: &Booking) -> i64 {
    i64::from(booking.quantity.get())
}
