//! Commands: statements that the server carries out one by one, each of them atomic by itself, and
//! then a wait for the majority.

use std::sync::Arc;
use std::time::Duration;

use domain::event::EventId;
use domain::time::Timestamp;
use tokio::time::{Instant, sleep};

use super::document::{Document, Outcome};
use super::replica_set::{
    Collections, Entry, ReplicaSet, confirmed, replicate, schedule_fail_over,
};
use crate::line::{Line, Lost};
use crate::mutation::Mutation;
use crate::world::World;

/// The longest that a call may last.
pub(crate) const CALL_LIMIT: Duration = Duration::from_secs(2);
/// The longest that the server waits for a majority.
const MAJORITY_LIMIT: Duration = Duration::from_millis(1_500);
/// How often a command that may be repeated is sent, and the pause in between.
const SENDINGS: usize = 3;
const PAUSE: Duration = Duration::from_millis(100);

/// What one statement makes of its event's document, by the server's time.
pub(crate) type Step = Arc<dyn Fn(&Document, Timestamp) -> Outcome + Send + Sync>;
/// One statement per event, in order.
pub(crate) type Statements = Vec<(EventId, Step)>;

/// What the statements did: each document as it then was, if it was changed; the one that was deleted, if
/// one was; and the time of the last write that a reader in the same session must see.
pub(crate) struct Done {
    pub(crate) changed: Vec<Option<Document>>,
    pub(crate) deleted: Option<Document>,
    pub(crate) time: u64,
}

/// Sends the statements, once, and waits until a majority has them.
pub(crate) async fn send(line: &Line, what: &str, statements: Statements) -> Result<Done, Lost> {
    let world = Arc::clone(&line.world);
    let work = async move {
        let done = write(&world, statements).await;
        if world.has(Mutation::NoMajority)
            || confirmed(&world, done.time, Instant::now() + MAJORITY_LIMIT).await
        {
            Some(done)
        } else {
            None
        }
    };
    // An answer without a majority is none: what was written may be taken back, or stay.
    let answer = line.call(what, CALL_LIMIT, work).await?;
    answer.ok_or(Lost::Unknown)
}

/// What reads see: what a majority has.
fn readable<'a>(world: &World, set: &'a ReplicaSet) -> &'a Collections {
    if world.has(Mutation::NoMajority) {
        &set.primary
    } else {
        &set.majority
    }
}

/// Sends statements that change nothing when they are carried out again: more than once if need be.
pub(crate) async fn send_repeatable(
    line: &Line,
    what: &str,
    statements: Statements,
) -> Result<(), Lost> {
    let deadline = Instant::now() + CALL_LIMIT;
    let mut sendings = 1;
    loop {
        match send(line, what, statements.clone()).await {
            Err(_) if sendings < SENDINGS && Instant::now() < deadline => {
                sendings += 1;
                sleep(PAUSE).await;
            }
            sent => return sent.map(drop),
        }
    }
}

/// Reads what a majority has, and that is no less than what was written at `time`.
pub(crate) async fn read_after<T: Send + 'static>(
    line: &Line,
    what: &str,
    time: u64,
    read: impl FnOnce(&Collections, Timestamp) -> T + Send + 'static,
) -> Result<T, Lost> {
    let world = Arc::clone(&line.world);
    let work = async move {
        let deadline = Instant::now() + MAJORITY_LIMIT;
        if !world.has(Mutation::NoMajority) && !confirmed(&world, time, deadline).await {
            return None;
        }
        let state = world.state();
        Some(read(readable(&world, &state.documents), world.now()))
    };
    let answer = line.call(what, CALL_LIMIT, work).await?;
    answer.ok_or(Lost::Unknown)
}

/// Reads what a majority has; or what it had when the primary that is asked was deposed. Only reads that
/// follow a write of their own session are safe from that.
pub(crate) async fn read<T: Send + 'static>(
    line: &Line,
    what: &str,
    read: impl FnOnce(&Collections, Timestamp) -> T + Send + 'static,
) -> Result<T, Lost> {
    let world = Arc::clone(&line.world);
    let work = async move {
        let state = world.state();
        let set = &state.documents;
        let stale = set.deposed.as_ref().filter(|_| world.strikes(300));
        read(stale.unwrap_or(readable(&world, set)), world.now())
    };
    line.call(what, CALL_LIMIT, work).await
}

/// Carries the statements out on the primary.
async fn write(world: &Arc<World>, statements: Statements) -> Done {
    let mut done = Done {
        changed: Vec::new(),
        deleted: None,
        time: 0,
    };
    for (index, (event, step)) in statements.into_iter().enumerate() {
        if index > 0 {
            sleep(world.dwell()).await;
        }
        let mut state = world.state();
        let before = state.documents.primary.events.get(&event).cloned();
        let outcome = match &before {
            Some(document) => step(document, world.now()),
            None => Outcome::NoMatch,
        };
        let (after, deleted) = match outcome {
            Outcome::NoMatch => (None, None),
            Outcome::Changed(document) => (Some(document), None),
            Outcome::Deleted => (None, before),
        };
        if deleted.is_some() || after.is_some() {
            state.documents.write(Entry::Event(event, after.clone()));
            state.verify();
        }
        done.deleted = deleted.or(done.deleted);
        done.changed.push(after);
    }
    if done.deleted.is_some() || done.changed.iter().any(Option::is_some) {
        written(world);
    }
    // A write that changed nothing was decided by what others wrote before.
    done.time = world.state().documents.last();
    done
}

/// Inserts what is not there yet. What is there may not be on a majority: that is waited for all the
/// same.
pub(crate) async fn insert(line: &Line, what: &str, entries: Vec<Entry>) -> Result<(), Lost> {
    let world = Arc::clone(&line.world);
    let work = async move {
        let time = {
            let mut state = world.state();
            let before = state.documents.last();
            for entry in entries {
                if !state.documents.primary.has(&entry) {
                    state.documents.write(entry);
                }
            }
            state.verify();
            let time = state.documents.last();
            drop(state);
            if time > before {
                written(&world);
            }
            time
        };
        confirmed(&world, time, Instant::now() + MAJORITY_LIMIT).await
    };
    let answer = line.call(what, CALL_LIMIT, work).await?;
    answer.then_some(()).ok_or(Lost::Unknown)
}

/// What follows a write: the majority gets it, or the primary dies before.
fn written(world: &Arc<World>) {
    let dies = world.strikes(world.profile.fail_over) && world.documents.deaths.take();
    if dies {
        schedule_fail_over(world, world.dice.millis(0, 40));
        replicate(world, world.dice.millis(20, 200));
    } else {
        replicate(world, world.replication());
    }
}
