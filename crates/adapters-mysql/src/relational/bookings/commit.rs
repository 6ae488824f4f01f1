//! Storing a group of bookings in one transaction.

use std::collections::{HashMap, HashSet};

use domain::booking::{Booking, BookingId, BookingStatus, CommitError, CommitOutcome, NewBooking};
use domain::error::StoreError;
use futures_util::{StreamExt, stream};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use tokio::time::{Instant, sleep};

use super::super::entity::bookings;
use super::super::fault::Fault;
use super::super::statement_size::padded;
use super::super::store::{CALL_LIMIT, SqlStore};
use super::super::transaction::TransactionError;
use super::write::{Written, write};
use super::{AT_ONCE, PAUSE, SENDINGS};

/// A group on its way: what is decided of it, and what is not.
struct Group<'a> {
    bookings: &'a [NewBooking],
    outcomes: Vec<Option<CommitOutcome>>,
}

/// Stores the group; see [`BookingRepository::commit`](domain::booking::BookingRepository::commit).
pub(super) async fn commit(
    store: &SqlStore,
    group: &[NewBooking],
) -> Result<Vec<CommitOutcome>, CommitError> {
    commit_within(store, group, Instant::now() + CALL_LIMIT).await
}

async fn commit_within(
    store: &SqlStore,
    group: &[NewBooking],
    deadline: Instant,
) -> Result<Vec<CommitOutcome>, CommitError> {
    let mut group = Group {
        bookings: group,
        outcomes: vec![None; group.len()],
    };
    let mut sendings = 0;
    while group.outcomes.iter().any(Option::is_none) {
        sendings += 1;
        let error = match send(store, &mut group, deadline).await {
            Ok(()) => continue,
            // It may be there, or appear later: sending it again could book twice.
            Err(TransactionError::Unknown(error)) => return Err(CommitError::Unknown(error)),
            Err(TransactionError::RolledBack(Fault::LockTimeout, error)) => {
                return apart(store, group, error, deadline).await;
            }
            Err(TransactionError::RolledBack(fault, error)) => {
                let left = recover(store, &mut group, fault, error).await;
                left.map_err(|error| group.given_up(error))?
            }
        };
        let Some(error) = error else { continue };
        if sendings >= SENDINGS || Instant::now() >= deadline {
            return Err(group.given_up(error));
        }
        sleep(PAUSE * sendings).await;
    }
    group.decided(|| store.silence())
}

/// After a proven rollback: what of the group stands in its own way is left out, and the rest may go
/// again. Gives the error back, in case that was the last try.
async fn recover(
    store: &SqlStore,
    group: &mut Group<'_>,
    fault: Fault,
    error: StoreError,
) -> Result<Option<StoreError>, StoreError> {
    match fault {
        Fault::Deadlock | Fault::MissingParent => Ok(Some(error)),
        Fault::Duplicate => {
            let found = find_colliders(store, group).await?;
            // The row in the way may have gone since, as an expired key does.
            Ok((!found).then_some(error))
        }
        Fault::LockTimeout | Fault::Refused | Fault::Silent | Fault::Other => Err(error),
    }
}

/// One of the group met a row that somebody else keeps locked, and nobody says which one. Each goes by
/// itself, so that its neighbours need not wait with it a second time.
async fn apart(
    store: &SqlStore,
    mut group: Group<'_>,
    error: StoreError,
    deadline: Instant,
) -> Result<Vec<CommitOutcome>, CommitError> {
    if group.bookings.len() == 1 {
        return Ok(vec![CommitOutcome::Busy]);
    }
    let bookings = group.bookings;
    let open = group.outcomes.iter().enumerate();
    let open: Vec<usize> = open
        .filter_map(|(index, outcome)| outcome.is_none().then_some(index))
        .collect();
    let alone = open.into_iter().map(|index| async move {
        let commit = commit_within(store, &bookings[index..=index], deadline);
        // Boxed, since a group of one could go apart again as far as the compiler knows.
        (index, Box::pin(commit).await)
    });
    let mut results = stream::iter(alone).buffer_unordered(AT_ONCE);
    while let Some((index, result)) = results.next().await {
        group.outcomes[index] = match result {
            Ok(outcomes) => outcomes.into_iter().next(),
            Err(CommitError::RolledBack(_)) => Some(CommitOutcome::Busy),
            Err(CommitError::Unknown(_)) => Some(CommitOutcome::Unknown),
        };
    }
    group.decided(|| error)
}

/// Sends what is undecided, once, and decides it if it is acknowledged.
async fn send(
    store: &SqlStore,
    group: &mut Group<'_>,
    deadline: Instant,
) -> Result<(), TransactionError> {
    let plan = group.plan();
    let begun = store.begin(deadline).await;
    let transaction = begun.map_err(|error| TransactionError::RolledBack(Fault::Silent, error))?;
    let steps = transaction
        .steps(write(store, transaction.on(), &plan.bookings()))
        .await;
    let written = transaction.end(steps).await?;
    group.decide(plan, &written);
    Ok(())
}

/// The bookings that go into the transaction, and those that collide with one of them.
struct Plan<'a> {
    first: Vec<(usize, &'a NewBooking)>,
    /// Position, the position of the one in whose way it is, and what it is told if that one is booked.
    behind: Vec<(usize, usize, CommitOutcome)>,
}

impl<'a> Plan<'a> {
    fn bookings(&self) -> Vec<&'a NewBooking> {
        self.first.iter().map(|(_, new)| *new).collect()
    }
}

impl<'a> Group<'a> {
    fn plan(&self) -> Plan<'a> {
        let mut plan = Plan {
            first: Vec::new(),
            behind: Vec::new(),
        };
        let mut reservations = HashMap::new();
        let mut keys = HashMap::new();
        for (index, new) in self.bookings.iter().enumerate() {
            if self.outcomes[index].is_some() {
                continue;
            }
            if let Some(other) = reservations.get(&new.reservation_id) {
                plan.behind
                    .push((index, *other, CommitOutcome::ReservationTaken));
                continue;
            }
            let key = new.key.as_ref().map(|used| (new.user_id, &used.key));
            if let Some(other) = key.as_ref().and_then(|key| keys.get(key)) {
                plan.behind.push((index, *other, CommitOutcome::KeyTaken));
                continue;
            }
            reservations.insert(new.reservation_id, index);
            key.map(|key| keys.insert(key, index));
            plan.first.push((index, new));
        }
        plan
    }

    /// The outcomes, which are all there; `otherwise` if they are not.
    fn decided(
        self,
        otherwise: impl FnOnce() -> StoreError,
    ) -> Result<Vec<CommitOutcome>, CommitError> {
        let count = self.outcomes.len();
        let outcomes: Vec<CommitOutcome> = self.outcomes.into_iter().flatten().collect();
        if outcomes.len() == count {
            Ok(outcomes)
        } else {
            Err(CommitError::Unknown(otherwise()))
        }
    }

    /// What a failure is to the whole group, whose last sending was rolled back. An earlier sending may
    /// have been committed for some of it: saying of those that nothing is there would have their
    /// tickets sold again.
    fn given_up(&self, error: StoreError) -> CommitError {
        let is_booked =
            |outcome: &Option<CommitOutcome>| matches!(outcome, Some(CommitOutcome::Booked(_)));
        if self.outcomes.iter().any(is_booked) {
            CommitError::Unknown(error)
        } else {
            CommitError::RolledBack(error)
        }
    }

    /// Those behind one that was not booked stay undecided, and go with the next sending; but not of users who are
    /// gone: they would go one by one.
    fn decide(&mut self, plan: Plan<'a>, written: &Written) {
        for (index, new) in plan.first {
            let id = written.ids.get(&new.reservation_id);
            self.outcomes[index] = id.map(|id| CommitOutcome::Booked(booked(new, *id)));
        }
        for (index, other, outcome) in plan.behind {
            if matches!(self.outcomes[other], Some(CommitOutcome::Booked(_))) {
                self.outcomes[index] = Some(outcome);
            }
        }
        for (new, outcome) in self.bookings.iter().zip(&mut self.outcomes) {
            if outcome.is_none() && written.gone.contains(&new.user_id.get()) {
                *outcome = Some(CommitOutcome::UserGone);
            }
        }
    }
}

fn booked(new: &NewBooking, id: i64) -> Booking {
    Booking {
        id: BookingId::new(id),
        event_id: new.event_id,
        user_id: new.user_id,
        ticket_type: new.ticket_type.clone(),
        quantity: new.quantity,
        status: BookingStatus::Confirmed,
        created_at: new.created_at,
    }
}

/// Decides those of the group whose reservation or key stands in a row already; whether any was found.
///
/// What is told here may not be on disk yet. Nobody acts on it: both outcomes are questions, and their
/// answers are read behind the barrier.
async fn find_colliders(store: &SqlStore, group: &mut Group<'_>) -> Result<bool, StoreError> {
    let open = || {
        group
            .bookings
            .iter()
            .zip(&group.outcomes)
            .filter(|(_, outcome)| outcome.is_none())
    };
    let names = open().map(|(new, _)| new.reservation_id.to_string());
    let same_reservation = bookings::Column::ReservationId.is_in(padded(names.collect()));
    let same_key = open().filter_map(|(new, _)| {
        let used = new.key.as_ref()?;
        let user = bookings::Column::UserId.eq(new.user_id.get());
        Some(user.and(bookings::Column::IdempotencyKey.eq(used.key.as_str())))
    });
    let same_key = padded(same_key.collect()).into_iter();
    let any = same_key.fold(Condition::any().add(same_reservation), Condition::add);
    let query = bookings::Entity::find()
        .select_only()
        .column(bookings::Column::ReservationId)
        .column(bookings::Column::UserId)
        .column(bookings::Column::IdempotencyKey)
        .filter(any)
        .into_tuple::<(String, Option<i64>, Option<String>)>();
    let rows = store.read(query.all(store.writer())).await?;
    let reservations: HashSet<&str> = rows.iter().map(|row| row.0.as_str()).collect();
    let keys: HashSet<(i64, &str)> = rows
        .iter()
        .filter_map(|row| Some((row.1?, row.2.as_deref()?)))
        .collect();
    let mut found = false;
    for (new, outcome) in group.bookings.iter().zip(&mut group.outcomes) {
        if outcome.is_some() {
            continue;
        }
        let key = new
            .key
            .as_ref()
            .map(|used| (new.user_id.get(), used.key.as_str()));
        if reservations.contains(new.reservation_id.to_string().as_str()) {
            *outcome = Some(CommitOutcome::ReservationTaken);
        } else if key.is_some_and(|key| keys.contains(&key)) {
            *outcome = Some(CommitOutcome::KeyTaken);
        }
        found |= outcome.is_some();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::super::made::bookings;
    use super::*;

    #[test]
    fn a_group_of_which_something_is_booked_is_never_called_rolled_back() {
        let bookings = bookings(&[1, 2]);
        let mut group = Group {
            bookings: &bookings,
            outcomes: vec![None; 2],
        };
        let away = || StoreError::unavailable("test", "away");
        assert!(matches!(group.given_up(away()), CommitError::RolledBack(_)));
        // One is booked by a first sending, the other waits for a second one, which fails.
        let first = &bookings[0];
        let plan = Plan {
            first: vec![(0, first)],
            behind: Vec::new(),
        };
        let written = Written {
            gone: HashSet::new(),
            ids: HashMap::from([(first.reservation_id, 10)]),
        };
        group.decide(plan, &written);
        assert!(group.outcomes[1].is_none());
        assert!(matches!(group.given_up(away()), CommitError::Unknown(_)));
    }

    #[test]
    fn whoever_is_gone_is_told_at_once_also_behind_another() {
        let mut bookings = bookings(&[1, 2, 2, 2]);
        bookings[2].reservation_id = bookings[1].reservation_id;
        bookings[3].reservation_id = bookings[1].reservation_id;
        let mut group = Group {
            bookings: &bookings,
            outcomes: vec![None; 4],
        };
        let plan = group.plan();
        assert_eq!(plan.behind.len(), 2);
        let written = Written {
            gone: HashSet::from([2]),
            ids: HashMap::new(),
        };
        group.decide(plan, &written);
        let gone = Some(CommitOutcome::UserGone);
        assert_eq!(group.outcomes, [None, gone.clone(), gone.clone(), gone]);
    }
}
