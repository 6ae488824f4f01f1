//! Fences: void rows under the ids of holds, as the real adapter puts them up.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::booking::{FenceOutcome, ReservationRow};
use domain::stock::{HoldRef, ReservationId};
use tokio::time::Instant;

use super::Relational;
use super::bookings::reservations;
use super::engine::Lock;
use super::tables::{Change, Row};
use super::transaction::{Fault, Tx, TxError, Verdict, steps, transact};
use crate::mutation::Mutation;

/// The longest that a whole round of fences takes, and the longest that one transaction takes.
const ROUND_LIMIT: Duration = Duration::from_secs(8);
const SENDING_LIMIT: Duration = Duration::from_secs(4);
/// How often rows that appear between looking and fencing are looked at anew.
const ROUNDS: usize = 4;

type Open = Vec<ReservationId>;
type Known = BTreeMap<ReservationId, FenceOutcome>;

impl Relational {
    pub(super) async fn fence_all(&self, holds: &[HoldRef]) -> Result<Vec<FenceOutcome>, TxError> {
        let deadline = Instant::now() + ROUND_LIMIT;
        let mut open: Open = holds.iter().map(|hold| hold.reservation_id).collect();
        open.sort_unstable();
        open.dedup();
        let mut known = Known::new();
        for _ in 0..ROUNDS {
            match self.put_up(&open).await {
                Ok(()) => known.extend(open.drain(..).map(|id| (id, FenceOutcome::Void))),
                Err(TxError::RolledBack(Fault::Duplicate)) => {
                    self.look(&mut open, &mut known).await?;
                }
                // One commit that is still open must not keep all the others waiting.
                Err(TxError::RolledBack(Fault::Deadlock | Fault::LockTimeout)) => {
                    self.one_by_one(&mut open, &mut known, deadline).await?;
                }
                Err(error) => return Err(error),
            }
            if open.is_empty() {
                break;
            }
        }
        let outcome = |hold: &HoldRef| known.get(&hold.reservation_id).cloned();
        let outcomes = holds.iter().map(outcome);
        Ok(outcomes
            .map(|known| known.unwrap_or(FenceOutcome::Busy))
            .collect())
    }

    /// Reads what stands under the ids.
    async fn look(&self, open: &mut Open, known: &mut Known) -> Result<(), TxError> {
        let rows = reservations(&self.0, open).await?;
        for (id, row) in rows {
            let outcome = match row {
                ReservationRow::Absent => continue,
                ReservationRow::Booked(_) if self.0.world.has(Mutation::DuplicateIsRefusal) => {
                    FenceOutcome::Void
                }
                ReservationRow::Void => FenceOutcome::Void,
                ReservationRow::Booked(booking) => FenceOutcome::Booked(booking),
            };
            open.retain(|other| *other != id);
            known.insert(id, outcome);
        }
        Ok(())
    }

    async fn one_by_one(
        &self,
        open: &mut Open,
        known: &mut Known,
        deadline: Instant,
    ) -> Result<(), TxError> {
        for id in std::mem::take(open) {
            if Instant::now() >= deadline {
                known.insert(id, FenceOutcome::Busy);
                continue;
            }
            match self.put_up(&[id]).await {
                Ok(()) => {
                    known.insert(id, FenceOutcome::Void);
                }
                Err(TxError::RolledBack(Fault::Duplicate)) => open.push(id),
                Err(TxError::RolledBack(Fault::Deadlock | Fault::LockTimeout)) => {
                    known.insert(id, FenceOutcome::Busy);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Inserts void rows under all of the ids, or none.
    async fn put_up(&self, ids: &[ReservationId]) -> Result<(), TxError> {
        let ids = ids.to_vec();
        let what = format!("fence {}", ids.len());
        let write = steps(|tx: Tx| async move {
            for id in ids {
                tx.dwell().await;
                if !tx.world.has(Mutation::NoFence) {
                    tx.lock(Lock::Reservation(id)).await?;
                }
                if tx.tables(|tables| tables.under(id).is_some()) {
                    return Err(Fault::Duplicate);
                }
                if tx.world.has(Mutation::NoFence) {
                    continue;
                }
                let row = Row {
                    id: tx.tables(super::tables::Tables::next_row),
                    reservation: id,
                    booking: None,
                    key: None,
                };
                tx.change([Change::Row(row)]);
            }
            Ok(Verdict::Commit(()))
        });
        transact(&self.0, &what, Instant::now() + SENDING_LIMIT, write).await
    }
}
