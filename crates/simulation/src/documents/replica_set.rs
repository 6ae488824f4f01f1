//! The servers of the documents: a primary, and what a majority has of it. A fail-over takes back what
//! was not on the majority, or a part of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::audit::AuditRecord;
use domain::event::EventId;
use tokio::time::{Instant, sleep, timeout_at};

use super::document::Document;
use crate::world::World;

/// The contents, as the primary has them and as a majority has them.
#[derive(Default)]
pub(crate) struct ReplicaSet {
    pub(crate) primary: Collections,
    pub(crate) majority: Collections,
    /// What a primary believes a majority to have that was deposed and does not know it yet.
    pub(crate) deposed: Option<Collections>,
    oplog: VecDeque<(u64, Entry)>,
    /// The time of the last write, counted in writes, and that of the last one a majority has.
    last: u64,
    confirmed: u64,
}

/// One copy of everything.
#[derive(Clone, Default)]
pub(crate) struct Collections {
    pub(crate) events: BTreeMap<EventId, Document>,
    pub(crate) audit: BTreeMap<[u8; 12], AuditRecord>,
}

/// A write as the log carries it.
pub(crate) enum Entry {
    Event(EventId, Option<Document>),
    Audit(AuditRecord),
}

impl Collections {
    /// Whether there is something under the entry's id.
    pub(crate) fn has(&self, entry: &Entry) -> bool {
        match entry {
            Entry::Event(id, _) => self.events.contains_key(id),
            Entry::Audit(record) => self.audit.contains_key(&record.id.bytes()),
        }
    }

    fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Event(id, Some(document)) => {
                self.events.insert(*id, document.clone());
            }
            Entry::Event(id, None) => {
                self.events.remove(id);
            }
            Entry::Audit(record) => {
                self.audit.insert(record.id.bytes(), record.clone());
            }
        }
    }
}

impl ReplicaSet {
    /// Writes on the primary.
    pub(crate) fn write(&mut self, entry: Entry) {
        self.last += 1;
        self.primary.apply(&entry);
        self.oplog.push_back((self.last, entry));
    }

    /// The time of the last write.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The majority has everything up to `time`.
    pub(crate) fn confirm(&mut self, time: u64) {
        while self.oplog.front().is_some_and(|(at, _)| *at <= time) {
            if let Some((_, entry)) = self.oplog.pop_front() {
                self.majority.apply(&entry);
            }
        }
        self.confirmed = self.confirmed.max(time);
    }

    /// A new primary, who has of what is not confirmed the first `kept` writes. Returns how many writes
    /// were taken back.
    fn fail_over(&mut self, kept: usize) -> usize {
        let lost = self.oplog.len().saturating_sub(kept);
        self.oplog.truncate(kept);
        self.deposed = Some(self.majority.clone());
        self.primary = self.majority.clone();
        for (_, entry) in &self.oplog {
            self.primary.apply(entry);
        }
        lost
    }
}

/// Lets a majority have all that was written so far, after a while.
pub(crate) fn replicate(world: &Arc<World>, lag: Duration) {
    let time = world.state().documents.last();
    let (world, server) = (Arc::clone(world), Arc::clone(world));
    server.documents.tasks.spawn(async move {
        sleep(lag).await;
        let mut state = world.state();
        state.documents.confirm(time);
        state.verify();
        drop(state);
        world.documents.moved.notify_waiters();
    });
}

/// Waits until a majority has everything up to `time`, but no longer than until `deadline`; whether it
/// has.
pub(crate) async fn confirmed(world: &World, time: u64, deadline: Instant) -> bool {
    loop {
        let moved = world.documents.moved.notified();
        if world.state().documents.confirmed >= time {
            return true;
        }
        if timeout_at(deadline, moved).await.is_err() {
            return false;
        }
    }
}

/// Has the primary die `after` a while; another one takes its place.
pub(crate) fn schedule_fail_over(world: &Arc<World>, after: Duration) {
    let world = Arc::clone(world);
    tokio::spawn(async move {
        sleep(after).await;
        let server = &world.documents;
        server.set_up(false);
        server.tasks.abort();
        let lost = {
            let mut state = world.state();
            let unconfirmed = state.documents.oplog.len() as u64;
            // More often than not the new primary has nothing of it.
            let kept = world.dice.below(unconfirmed + 1) * world.dice.below(2);
            let lost = state
                .documents
                .fail_over(usize::try_from(kept).unwrap_or(usize::MAX));
            state.verify();
            lost
        };
        world.note(
            server.name,
            format_args!("fails over; {lost} writes are taken back"),
        );
        sleep(world.dice.millis(100, 3_000)).await;
        server.set_up(true);
        world.note(server.name, format_args!("has a primary again"));
        replicate(&world, world.replication());
        sleep(world.dice.millis(0, 3_000)).await;
        world.state().documents.deposed = None;
    });
}
