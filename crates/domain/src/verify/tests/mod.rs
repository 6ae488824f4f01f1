//! Verifying with mocked and with in-memory stores; with paused time nothing waits.

mod repairing;
mod with_mocks;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use super::*;
use crate::event::EventId;
use crate::stock::{ReservationId, TicketType};

fn event(n: u8) -> EventId {
    EventId::from_bytes([n; 12])
}

fn reservation(n: u128) -> ReservationId {
    ReservationId::new(uuid::Uuid::from_u128(n))
}

/// An event of ten tickets without holds.
fn stock(event_id: EventId, version: u64, available: i64) -> EventStock {
    let general = TypeStock {
        total: 10,
        available,
        returned: 0,
    };
    EventStock {
        event_id,
        version,
        types: BTreeMap::from([(TicketType::general(), general)]),
        holds: Vec::new(),
        closing: None,
    }
}

fn count(event_id: EventId, tickets: i64) -> TicketCount {
    TicketCount {
        event_id,
        ticket_type: TicketType::general(),
        tickets,
    }
}

/// Remembers what it is told.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Vec<Finding>>>);

impl Report for Told {
    fn finding(&self, finding: &Finding) {
        self.0.lock().unwrap().push(finding.clone());
    }

    fn progress(&self, _: u64) {}
}

impl Told {
    fn all(&self) -> Vec<Finding> {
        self.0.lock().unwrap().clone()
    }

    fn kinds(&self) -> Vec<&'static str> {
        let kind = |finding: &Finding| match finding {
            Finding::Broken { .. } => "broken",
            Finding::Unreadable { .. } => "unreadable",
            Finding::Undecided { .. } => "undecided",
            Finding::UnknownEvent { .. } => "unknown",
            Finding::OldHolds { .. } => "old holds",
            Finding::OldClosing { .. } => "old closing",
            Finding::Repaired { .. } => "repaired",
            Finding::Oversold { .. } => "oversold",
            Finding::NotRepaired { .. } => "not repaired",
        };
        self.all().iter().map(kind).collect()
    }
}
