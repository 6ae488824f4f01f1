//! Events with their stock, and the audit log: one set of documents behind one lock.

mod audit;
mod checkpoint;
mod closing;
mod events;
mod stock;
mod survey;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::audit::{AuditId, AuditRecord};
use crate::checkpoint::Checkpoint;
use crate::error::StoreError;
use crate::event::{Event, EventId, EventVersion};
use crate::health::Probe;
use crate::idempotency::{KeyClaim, Remembered};
use crate::runtime::Clock;
use crate::stock::{ClosingToken, Hold, KeyHash, TicketType};
use crate::time::Timestamp;

/// [`EventRepository`](crate::event::EventRepository),
/// [`StockRepository`](crate::stock::StockRepository) and
/// [`AuditLog`](crate::audit::AuditLog) in memory. What has ended, and what is stale, goes by the
/// clock that it was made with.
pub struct MemoryDocuments {
    clock: Arc<dyn Clock>,
    collections: Mutex<Collections>,
}

/// The stock of an event as a test sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StockView {
    /// How many tickets there are.
    pub total: u32,
    /// How many of them can be booked.
    pub available: u32,
    /// How many ever came back, as far as the event knows.
    pub returned: u64,
    /// The tickets on their way into a booking.
    pub holds: Vec<Hold>,
    /// Whether somebody is deleting the event.
    pub closing: bool,
    /// The counter of the steps that moved stock.
    pub version: u64,
}

#[derive(Debug, Default)]
struct Collections {
    away: bool,
    events: BTreeMap<EventId, EventDocument>,
    keys: HashMap<KeyHash, Remembered>,
    audit: Vec<AuditRecord>,
    audit_ids: HashSet<AuditId>,
    checkpoint: Option<Checkpoint>,
}

impl Collections {
    /// Whether the key is the claim's for the taking.
    fn is_free(&self, claim: Option<&KeyClaim>) -> bool {
        claim.is_none_or(|claim| !self.keys.contains_key(&claim.hash()))
    }

    fn remember(&mut self, claim: Option<&KeyClaim>, event: Option<&Event>) {
        let Some(claim) = claim else {
            return;
        };
        let remembered = Remembered {
            fingerprint: claim.used.fingerprint.clone(),
            event: event.cloned(),
        };
        self.keys.insert(claim.hash(), remembered);
    }
}

#[derive(Debug)]
struct EventDocument {
    /// The event; its sums of tickets are those of `types`, and its stock's version is `version`.
    event: Event,
    types: BTreeMap<TicketType, TypeStock>,
    holds: Vec<HoldEntry>,
    closing: Option<(ClosingToken, Timestamp)>,
    version: u64,
}

#[derive(Debug, Default)]
struct TypeStock {
    total: u32,
    available: u32,
    returned: u64,
}

#[derive(Debug)]
struct HoldEntry {
    hold: Hold,
    key_hash: Option<KeyHash>,
    at: Timestamp,
}

impl MemoryDocuments {
    /// The name that the store reports its health under.
    pub const NAME: &'static str = "documents";

    /// An empty store that goes by `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            collections: Mutex::default(),
        }
    }

    /// Switches the store off, or on again. While it is off every call fails and changes nothing.
    pub fn set_away(&self, away: bool) {
        self.collections().away = away;
    }

    /// The stock of an event, over all its types of ticket.
    pub fn stock_of(&self, event: EventId) -> Option<StockView> {
        let collections = self.collections();
        let document = collections.events.get(&event)?;
        Some(StockView {
            total: document.total(),
            available: document.available(),
            returned: document.types.values().map(|stock| stock.returned).sum(),
            holds: document
                .holds
                .iter()
                .map(|entry| entry.hold.clone())
                .collect(),
            closing: document.closing.is_some(),
            version: document.version,
        })
    }

    /// The number of events.
    pub fn event_count(&self) -> usize {
        self.collections().events.len()
    }

    /// The audit log, in the order in which it was written.
    pub fn audit_records(&self) -> Vec<AuditRecord> {
        self.collections().audit.clone()
    }

    fn collections(&self) -> MutexGuard<'_, Collections> {
        self.collections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The collections, unless the store is away.
    fn open(&self) -> Result<MutexGuard<'_, Collections>, StoreError> {
        let collections = self.collections();
        if collections.away {
            return Err(super::away(Self::NAME));
        }
        Ok(collections)
    }

    /// The latest moment at which something was written that is `age` old now.
    fn stale_since(&self, age: Duration) -> Timestamp {
        self.clock.now().minus(age)
    }
}

impl fmt::Debug for MemoryDocuments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.collections.fmt(f)
    }
}

impl EventDocument {
    fn total(&self) -> u32 {
        self.types.values().map(|stock| stock.total).sum()
    }

    fn available(&self) -> u32 {
        self.types.values().map(|stock| stock.available).sum()
    }

    /// The event with the sums of its stock.
    fn as_event(&self) -> Event {
        Event {
            total_tickets: self.total(),
            available_tickets: self.available(),
            version: EventVersion {
                stock: self.version,
                ..self.event.version
            },
            ..self.event.clone()
        }
    }
}

#[async_trait]
impl Probe for MemoryDocuments {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.open().map(drop)
    }
}
