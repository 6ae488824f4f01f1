//! The round trips that bookings and cancellations share.
//!
//! A hot event is one document and one row range, so a round trip per booking tops out early. Requests
//! that arrive while a group is on its way form the next one, across all events. One request's own
//! failure is its own: the stores answer for each, and leave it out of what the others share.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::{
    BookingPorts, BookingRepository, CancelOutcome, Cancellation, CommitError, CommitOutcome,
    FenceOutcome, KeyedRequest, NewBooking,
};
use crate::error::StoreError;
use crate::grouping::{GroupError, GroupLimits, Groups, Lanes};
use crate::idempotency::UserKey;
use crate::runtime::Spawner;
use crate::stock::{
    HoldRef, MAX_HOLDS, Reservation, ReserveError, ReserveOutcome, StockBatch, StockRepository,
    StockReturn,
};

/// How many times as many go together into the stock as into a transaction, up to [`MOST_RESERVED`].
const RESERVES_PER_COMMIT: usize = 4;
/// A quarter of what an event may hold: the holds of the groups before are there still.
const MOST_RESERVED: usize = MAX_HOLDS / 4;
/// Transactions of bookings exclude none of each other (they share the users' rows), so two may be on their way
/// at once. (Reservations
/// of one event would meet in its document, and cancellations in its counter.)
const COMMIT_LANES: usize = 2;
/// A second transaction is worth its round trips from this part of a full one on.
const PART_WORTH: usize = 8;

/// Why a reservation has no outcome. The error is shared by all of its group.
#[derive(Debug, Clone)]
pub(super) enum ReserveFailure {
    /// Too many requests wait already.
    Full,
    /// Proven: it was not executed and will not be.
    NotExecuted(Arc<StoreError>),
    /// It may have been executed, or may be later: to be fenced, then released.
    Unknown(Arc<StoreError>),
    /// It took so long that recovery may be at its hold already: to be fenced, then released.
    TooLate,
    /// The group broke off: to be fenced, then released.
    BrokenOff,
}

/// Why a commit or a cancellation has no outcome. The error is shared by all of its group.
#[derive(Debug, Clone)]
pub(super) enum WriteFailure {
    /// Proven: nothing of it is there, and nothing will be.
    RolledBack(Arc<StoreError>),
    /// It may be there, or may come to be.
    Unknown(Arc<StoreError>),
}

/// Why a key was not looked up. The error is shared by all of its group.
#[derive(Debug, Clone)]
pub(super) enum ReadFailure {
    /// Too many requests wait already.
    Full,
    /// The store failed.
    Failed(Arc<StoreError>),
}

type Found = Result<Option<KeyedRequest>, ReadFailure>;
type Reserved = Result<ReserveOutcome, ReserveFailure>;
type Written<T> = Result<T, WriteFailure>;
type Applied = Result<(), Arc<StoreError>>;
type Fenced = Result<FenceOutcome, Arc<StoreError>>;

/// What is on its way, and what waits for it.
pub(super) struct BookingGroups {
    keys: Groups<UserKey, Found>,
    reserves: Groups<Reservation, Reserved>,
    commits: Groups<NewBooking, Written<CommitOutcome>>,
    cancels: Groups<Cancellation, Written<CancelOutcome>>,
    returns: Groups<StockReturn, Applied>,
    fences: Groups<HoldRef, Fenced>,
    releases: Groups<HoldRef, Applied>,
}

impl BookingGroups {
    /// Groups within `limits`. A reservation that took longer than `too_late` is not believed.
    pub(super) fn new(ports: &BookingPorts, limits: GroupLimits, too_late: Duration) -> Self {
        let spawner = &ports.runtime.spawner;
        // Whoever has a hold, or a cancelled booking, must not be turned away any more. Their number
        // is bounded by that of the reservations let in, and by that of the connections.
        let unbounded = GroupLimits {
            waiting: usize::MAX,
            ..limits
        };
        let reserves = GroupLimits {
            most: most_reserved(limits.most),
            ..limits
        };
        let (bookings, stock) = (&ports.bookings, &ports.stock);
        let reserving = (ports.clone(), too_late);
        Self {
            keys: grouped(
                "key",
                spawner,
                limits,
                bookings.clone(),
                |bookings, group| Box::pin(async move { find_by_keys(&*bookings, group).await }),
            ),
            reserves: grouped(
                "reserve",
                spawner,
                reserves,
                reserving,
                |(ports, too_late), group| {
                    Box::pin(async move { reserve(&ports, group, too_late).await })
                },
            ),
            commits: grouped_beside(
                "commit",
                spawner,
                unbounded,
                commit_lanes(limits.most),
                bookings.clone(),
                |bookings, group| {
                    Box::pin(async move { each(bookings.commit(&group).await, group.len()) })
                },
            ),
            cancels: grouped(
                "cancel",
                spawner,
                limits,
                bookings.clone(),
                |bookings, group| {
                    Box::pin(async move { each(bookings.cancel(&group).await, group.len()) })
                },
            ),
            returns: grouped(
                "return",
                spawner,
                unbounded,
                stock.clone(),
                |stock, group| Box::pin(async move { give_back(&*stock, group).await }),
            ),
            fences: grouped(
                "fence",
                spawner,
                unbounded,
                bookings.clone(),
                |bookings, group| Box::pin(async move { fence(&*bookings, group).await }),
            ),
            releases: grouped(
                "release",
                spawner,
                unbounded,
                stock.clone(),
                |stock, group| {
                    Box::pin(async move {
                        let released = stock.release(&group).await.map_err(Arc::new);
                        vec![released; group.len()]
                    })
                },
            ),
        }
    }

    /// Looks a key up, with others; the look begins after this call.
    pub(super) async fn find_by_key(&self, key: UserKey) -> Found {
        match self.keys.ask(key).await {
            Ok(found) => found,
            Err(GroupError::Full) => Err(ReadFailure::Full),
            Err(error) => broken_off(error).map_err(ReadFailure::Failed),
        }
    }

    /// Sends a reservation, once, with others.
    pub(super) async fn reserve(&self, wish: Reservation) -> Reserved {
        match self.reserves.ask(wish).await {
            Ok(outcome) => outcome,
            Err(GroupError::Full) => Err(ReserveFailure::Full),
            Err(GroupError::BrokenOff) => Err(ReserveFailure::BrokenOff),
        }
    }

    /// Stores a booking, with others.
    pub(super) async fn commit(&self, booking: NewBooking) -> Written<CommitOutcome> {
        self.commits.ask(booking).await.unwrap_or_else(unanswered)
    }

    /// Cancels a booking, with others.
    pub(super) async fn cancel(&self, wish: Cancellation) -> Written<CancelOutcome> {
        self.cancels.ask(wish).await.unwrap_or_else(unanswered)
    }

    /// Brings an event's counter of returns up to date, with others.
    pub(super) async fn give_back(&self, back: StockReturn) -> Applied {
        self.returns.ask(back).await.unwrap_or_else(broken_off)
    }

    /// Puts up a fence, with others.
    pub(super) async fn fence(&self, hold: HoldRef) -> Fenced {
        self.fences.ask(hold).await.unwrap_or_else(broken_off)
    }

    /// Releases a hold, with others.
    pub(super) async fn release(&self, hold: HoldRef) -> Applied {
        self.releases.ask(hold).await.unwrap_or_else(broken_off)
    }
}

/// The most that go together into the stock. Many wishes cost an event's document little more than one
/// does, so the fewer groups the better; a transaction takes longer with each row.
fn most_reserved(most: usize) -> usize {
    match most {
        1 => 1,
        most => most
            .saturating_mul(RESERVES_PER_COMMIT)
            .min(MOST_RESERVED)
            .max(most),
    }
}

fn commit_lanes(most: usize) -> Lanes {
    Lanes {
        most: COMMIT_LANES,
        worth: (most / PART_WORTH).max(1),
    }
}

/// Groups of `kind` whose work needs `ports`, one after the other.
fn grouped<P, I, O>(
    kind: &'static str,
    spawner: &Arc<dyn Spawner>,
    limits: GroupLimits,
    ports: P,
    work: fn(P, Vec<I>) -> BoxFuture<'static, Vec<O>>,
) -> Groups<I, O>
where
    P: Clone + Send + Sync + 'static,
    I: Send + 'static,
    O: Send + 'static,
{
    grouped_beside(kind, spawner, limits, Lanes::ONE, ports, work)
}

/// The same, with as many at once as `lanes` say.
fn grouped_beside<P, I, O>(
    kind: &'static str,
    spawner: &Arc<dyn Spawner>,
    limits: GroupLimits,
    lanes: Lanes,
    ports: P,
    work: fn(P, Vec<I>) -> BoxFuture<'static, Vec<O>>,
) -> Groups<I, O>
where
    P: Clone + Send + Sync + 'static,
    I: Send + 'static,
    O: Send + 'static,
{
    let work = move |group| work(ports.clone(), group);
    Groups::beside(kind, Arc::clone(spawner), limits, lanes, Box::new(work))
}

fn broken_off<T>(error: GroupError) -> Result<T, Arc<StoreError>> {
    Err(Arc::new(StoreError::unexpected("group", error)))
}

/// A call that was refused was not carried out; one whose group broke off may have been.
fn unanswered<T>(error: GroupError) -> Written<T> {
    let cause = Arc::new(StoreError::unavailable("bookings", error));
    match error {
        GroupError::Full => Err(WriteFailure::RolledBack(cause)),
        GroupError::BrokenOff => Err(WriteFailure::Unknown(cause)),
    }
}

/// Sends a group of reservations, once, together with what waits to be settled in their events.
async fn reserve(
    ports: &BookingPorts,
    wishes: Vec<Reservation>,
    too_late: Duration,
) -> Vec<Reserved> {
    let events: BTreeSet<_> = wishes.iter().map(|wish| wish.event_id).collect();
    let settle = events
        .iter()
        .flat_map(|event| ports.settler.take_for(*event));
    let batch = StockBatch {
        settle: settle.collect(),
        reserve: wishes,
    };
    let started = ports.runtime.clock.monotonic();
    let result = ports.stock.reserve(&batch).await;
    let took = ports.runtime.clock.monotonic().saturating_sub(started);
    let count = batch.reserve.len();
    match result {
        // After so long a pause recovery may have released the holds already, so that their absence
        // proves no refusal, and their presence is about to end.
        Ok(_) if took > too_late => vec![Err(ReserveFailure::TooLate); count],
        Ok(outcomes) if outcomes.len() == count => outcomes.into_iter().map(Ok).collect(),
        Ok(_) => vec![Err(ReserveFailure::Unknown(miscounted())); count],
        Err(ReserveError::NotExecuted(error)) => {
            ports.settler.put_back(batch.settle);
            vec![Err(ReserveFailure::NotExecuted(Arc::new(error))); count]
        }
        // Sending it again under its ids could take the tickets a second time, after the first holds
        // were settled and the document has forgotten the ids.
        Err(ReserveError::Unknown(error)) => {
            ports.settler.put_back(batch.settle);
            vec![Err(ReserveFailure::Unknown(Arc::new(error))); count]
        }
    }
}

/// A group's result for each of its `count` members.
fn each<T>(result: Result<Vec<T>, CommitError>, count: usize) -> Vec<Written<T>> {
    let failure = match result {
        Ok(outcomes) if outcomes.len() == count => return outcomes.into_iter().map(Ok).collect(),
        Ok(_) => WriteFailure::Unknown(miscounted()),
        Err(CommitError::RolledBack(error)) => WriteFailure::RolledBack(Arc::new(error)),
        Err(CommitError::Unknown(error)) => WriteFailure::Unknown(Arc::new(error)),
    };
    (0..count).map(|_| Err(failure.clone())).collect()
}

async fn find_by_keys(bookings: &dyn BookingRepository, group: Vec<UserKey>) -> Vec<Found> {
    let failed = |error| vec![Err(ReadFailure::Failed(error)); group.len()];
    match bookings.find_by_keys(&group).await {
        Ok(found) if found.len() == group.len() => found.into_iter().map(Ok).collect(),
        Ok(_) => failed(miscounted()),
        Err(error) => failed(Arc::new(error)),
    }
}

async fn fence(bookings: &dyn BookingRepository, group: Vec<HoldRef>) -> Vec<Fenced> {
    match bookings.fence(&group).await {
        Ok(outcomes) if outcomes.len() == group.len() => outcomes.into_iter().map(Ok).collect(),
        Ok(_) => vec![Err(miscounted()); group.len()],
        Err(error) => vec![Err(Arc::new(error)); group.len()],
    }
}

fn miscounted() -> Arc<StoreError> {
    let why = "a group came back with other than its number of outcomes";
    Arc::new(StoreError::unexpected("group", why))
}

/// The counters only grow, so of several for one event the greatest says it all.
async fn give_back(stock: &dyn StockRepository, group: Vec<StockReturn>) -> Vec<Applied> {
    let count = group.len();
    let mut greatest = BTreeMap::new();
    for back in group {
        let returned = greatest
            .entry((back.event_id, back.ticket_type))
            .or_insert(back.returned);
        *returned = back.returned.max(*returned);
    }
    let returns: Vec<StockReturn> = greatest
        .into_iter()
        .map(|((event_id, ticket_type), returned)| StockReturn {
            event_id,
            ticket_type,
            returned,
        })
        .collect();
    let applied = stock.apply_returns(&returns).await.map_err(Arc::new);
    vec![applied; count]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_are_reserved_together_than_committed_and_leave_room_in_the_event() {
        let most = [1, 2, 256, 1_000, 5_000].map(most_reserved);
        assert_eq!(most, [1, 8, 1_024, 1_024, 5_000]);
    }
}
