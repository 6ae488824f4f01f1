//! The relational server: what is visible, what is on disk, the log between the two, and row locks.
//!
//! As InnoDB without a binary log does it: a commit is seen by others before it is on disk; the log is
//! one sequence, so what is on disk is always a beginning of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::booking::BookingId;
use domain::event::EventId;
use domain::stock::ReservationId;
use tokio::time::sleep;

use super::tables::{Change, Key, Tables};
use crate::world::World;

/// The number of a transaction.
pub(crate) type TxId = u64;

/// What a transaction can lock.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Lock {
    Booking(BookingId),
    Counter(EventId),
    Reservation(ReservationId),
    Key(Key),
    Claim(Key),
}

/// What became of a wish for a lock.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Locked {
    Mine,
    /// Another transaction has it.
    Busy,
    /// The transaction has ended.
    Gone,
}

/// The relational server's state.
#[derive(Default)]
pub(crate) struct Engine {
    /// What everybody sees.
    pub(crate) live: Tables,
    /// What a crash leaves.
    pub(crate) disk: Tables,
    log: VecDeque<(u64, Vec<Change>)>,
    written: u64,
    open: BTreeMap<TxId, Vec<Change>>,
    last_tx: TxId,
    locks: BTreeMap<Lock, TxId>,
}

impl Engine {
    pub(crate) fn begin(&mut self) -> TxId {
        self.last_tx += 1;
        self.open.insert(self.last_tx, Vec::new());
        self.last_tx
    }

    /// Tries to take a lock.
    pub(crate) fn lock(&mut self, tx: TxId, lock: &Lock) -> Locked {
        if !self.open.contains_key(&tx) {
            return Locked::Gone;
        }
        match self.locks.get(lock) {
            None => {
                self.locks.insert(lock.clone(), tx);
                Locked::Mine
            }
            Some(holder) if *holder == tx => Locked::Mine,
            Some(_) => Locked::Busy,
        }
    }

    /// Adds changes to an open transaction.
    pub(crate) fn change(&mut self, tx: TxId, changes: impl IntoIterator<Item = Change>) {
        if let Some(open) = self.open.get_mut(&tx) {
            open.extend(changes);
        }
    }

    /// Shows the changes of a transaction to all, and frees its locks. Returns its place in the log;
    /// `None` if it has ended before.
    pub(crate) fn commit(&mut self, tx: TxId) -> Option<u64> {
        let changes = self.open.remove(&tx)?;
        self.free(tx);
        changes.iter().for_each(|change| self.live.apply(change));
        self.written += 1;
        self.log.push_back((self.written, changes));
        Some(self.written)
    }

    pub(crate) fn roll_back(&mut self, tx: TxId) {
        self.open.remove(&tx);
        self.free(tx);
    }

    fn free(&mut self, tx: TxId) {
        self.locks.retain(|_, holder| *holder != tx);
    }

    /// The log is on disk up to `place`.
    fn flush(&mut self, place: u64) {
        while self.log.front().is_some_and(|(at, _)| *at <= place) {
            if let Some((_, changes)) = self.log.pop_front() {
                changes.iter().for_each(|change| self.disk.apply(change));
            }
        }
    }

    /// The process dies: what was not on disk is gone. Returns how many commits that were.
    fn die(&mut self) -> usize {
        let lost = self.log.len();
        self.live = self.disk.clone();
        self.log.clear();
        self.open.clear();
        self.locks.clear();
        lost
    }
}

/// Commits a transaction and waits until it is on disk; whether it was still open. With the profile's
/// luck the server dies in between.
pub(crate) async fn commit(world: &Arc<World>, tx: TxId) -> bool {
    let place = {
        let mut state = world.state();
        let Some(place) = state.relational.commit(tx) else {
            return false;
        };
        state.verify();
        place
    };
    world.relational.moved.notify_waiters();
    let mut flush = world.disk();
    if world.strikes(world.profile.kill) && world.relational.deaths.take() {
        flush = world.dice.millis(20, 300);
        schedule_kill(world, world.dice.millis(0, 320));
    }
    if world.has(crate::mutation::Mutation::NoDiskWait) {
        let later = Arc::clone(world);
        world.relational.tasks.spawn(async move {
            sleep(flush).await;
            on_disk(&later, place);
        });
        return true;
    }
    sleep(flush).await;
    on_disk(world, place);
    true
}

fn on_disk(world: &World, place: u64) {
    let mut state = world.state();
    state.relational.flush(place);
    state.verify();
}

/// Has the server die `after` a while, and come back.
fn schedule_kill(world: &Arc<World>, after: Duration) {
    let world = Arc::clone(world);
    tokio::spawn(async move {
        sleep(after).await;
        let server = &world.relational;
        server.set_up(false);
        server.tasks.abort();
        let lost = {
            let mut state = world.state();
            let lost = state.relational.die();
            state.verify();
            lost
        };
        world.note(
            server.name,
            format_args!("is killed; {lost} commits are lost"),
        );
        sleep(world.dice.millis(100, 3_000)).await;
        server.set_up(true);
        world.note(server.name, format_args!("is back"));
    });
}
