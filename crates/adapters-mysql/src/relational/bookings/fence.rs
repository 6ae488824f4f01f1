//! Fences: void rows under the ids of holds, behind which no booking can come.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use domain::booking::{FenceOutcome, ReservationRow};
use domain::error::StoreError;
use domain::stock::{HoldRef, ReservationId, TicketType};
use sea_orm::{EntityTrait, Set};
use tokio::time::Instant;

use super::super::convert::{VOID, to_column};
use super::super::entity::bookings;
use super::super::fault::Fault;
use super::super::statement_size::pieces;
use super::super::store::SqlStore;
use super::super::transaction::{TransactionError, Verdict};
use super::lookup::reservations;

/// The longest that a whole round of fences takes: several waits for locks, one after the other. What
/// is not reached is told to be busy and comes with the next round.
const ROUND_LIMIT: Duration = Duration::from_secs(8);
/// The longest that one transaction takes.
const SENDING_LIMIT: Duration = Duration::from_secs(4);
/// How often rows that appear between looking and fencing are looked at anew.
const ROUNDS: usize = 4;

/// Fences the holds; see [`BookingRepository::fence`](domain::booking::BookingRepository::fence).
pub(super) async fn fence(
    store: &SqlStore,
    holds: &[HoldRef],
) -> Result<Vec<FenceOutcome>, StoreError> {
    let deadline = Instant::now() + ROUND_LIMIT;
    // Sorted, so that two instances at the same holds lock them in one order.
    let mut open: BTreeMap<ReservationId, HoldRef> = holds
        .iter()
        .map(|hold| (hold.reservation_id, *hold))
        .collect();
    let mut known: HashMap<ReservationId, FenceOutcome> = HashMap::new();
    for _ in 0..ROUNDS {
        let rows: Vec<HoldRef> = open.values().copied().collect();
        match insert(store, &rows).await {
            Ok(()) => {
                known.extend(
                    rows.iter()
                        .map(|hold| (hold.reservation_id, FenceOutcome::Void)),
                );
                open.clear();
            }
            Err(TransactionError::RolledBack(Fault::Duplicate, _)) => {
                look(store, &mut open, &mut known).await?;
            }
            // One commit that is still open must not keep all the others waiting.
            Err(TransactionError::RolledBack(Fault::Deadlock | Fault::LockTimeout, _)) => {
                one_by_one(store, &mut open, &mut known, deadline).await?;
            }
            Err(error) => return Err(error.into()),
        }
        if open.is_empty() {
            break;
        }
    }
    let outcome = |hold: &HoldRef| {
        known
            .get(&hold.reservation_id)
            .cloned()
            .unwrap_or(FenceOutcome::Busy)
    };
    Ok(holds.iter().map(outcome).collect())
}

/// Reads what stands under the ids, and takes those out of `open` under which something does.
async fn look(
    store: &SqlStore,
    open: &mut BTreeMap<ReservationId, HoldRef>,
    known: &mut HashMap<ReservationId, FenceOutcome>,
) -> Result<(), StoreError> {
    let ids: Vec<ReservationId> = open.keys().copied().collect();
    let rows = reservations(store, &ids).await?;
    for (id, row) in ids.into_iter().zip(rows) {
        let outcome = match row {
            ReservationRow::Absent => continue,
            ReservationRow::Void => FenceOutcome::Void,
            ReservationRow::Booked(booking) => FenceOutcome::Booked(booking),
        };
        open.remove(&id);
        known.insert(id, outcome);
    }
    Ok(())
}

async fn one_by_one(
    store: &SqlStore,
    open: &mut BTreeMap<ReservationId, HoldRef>,
    known: &mut HashMap<ReservationId, FenceOutcome>,
    deadline: Instant,
) -> Result<(), StoreError> {
    for (id, hold) in std::mem::take(open) {
        if Instant::now() >= deadline {
            known.insert(id, FenceOutcome::Busy);
            continue;
        }
        match insert(store, &[hold]).await {
            Ok(()) => {
                known.insert(id, FenceOutcome::Void);
            }
            Err(TransactionError::RolledBack(Fault::Duplicate, _)) => {
                open.insert(id, hold);
            }
            Err(TransactionError::RolledBack(Fault::Deadlock | Fault::LockTimeout, _)) => {
                known.insert(id, FenceOutcome::Busy);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Inserts void rows for all of `holds`, or none. Not with `INSERT IGNORE`, which would also turn other
/// errors into "it is there".
async fn insert(store: &SqlStore, holds: &[HoldRef]) -> Result<(), TransactionError> {
    if holds.is_empty() {
        return Ok(());
    }
    let begun = store.begin(Instant::now() + SENDING_LIMIT).await;
    let transaction = begun.map_err(|error| TransactionError::RolledBack(Fault::Silent, error))?;
    let insertion = async {
        for rows in pieces(holds.iter().map(row).collect()) {
            bookings::Entity::insert_many(rows)
                .exec_without_returning(transaction.on())
                .await?;
        }
        Ok(Verdict::Commit(()))
    };
    let steps = transaction.steps(insertion).await;
    transaction.end(steps).await
}

fn row(hold: &HoldRef) -> bookings::ActiveModel {
    bookings::ActiveModel {
        reservation_id: Set(hold.reservation_id.to_string()),
        event_id: Set(hold.event_id.to_string()),
        user_id: Set(None),
        ticket_type: Set(TicketType::GENERAL.to_owned()),
        quantity: Set(0),
        status: Set(VOID.to_owned()),
        created_at: Set(to_column(hold.reservation_id.made_at())),
        cancelled_at: Set(None),
        idempotency_key: Set(None),
        fingerprint: Set(None),
        keyed_at: Set(None),
        ..Default::default()
    }
}
