//! Cancelling a group of bookings in one transaction, as the real adapter does it.

use std::collections::{BTreeMap, BTreeSet};

use domain::booking::{
    Booking, BookingId, BookingStatus, CancelOutcome, Cancellation, Cancelled, CommitError,
};
use domain::event::EventId;
use domain::stock::{StockReturn, TicketType};
use domain::user::Role;
use tokio::time::{Instant, sleep};

use super::commit::{PAUSE, SENDINGS};
use super::engine::Lock;
use super::tables::{Change, OutboxEntry, is_confirmed};
use super::transaction::{CALL_LIMIT, Fault, Tx, TxError, Verdict, steps, transact};
use super::{Relational, lost};
use crate::mutation::Mutation;

impl Relational {
    pub(super) async fn cancel_group(
        &self,
        group: &[Cancellation],
    ) -> Result<Vec<CancelOutcome>, CommitError> {
        let deadline = Instant::now() + CALL_LIMIT;
        let what = format!("cancel {}", group.len());
        let mut sendings = 0;
        loop {
            sendings += 1;
            let wishes = group.to_vec();
            let write = steps(|tx: Tx| async move { write(&tx, wishes).await });
            let fault = match transact(&self.0, &what, deadline, write).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(TxError::RolledBack(Fault::Duplicate)) => return Ok(self.apart(group).await),
                Err(TxError::Unknown) => return Err(CommitError::Unknown(lost(TxError::Unknown))),
                Err(TxError::RolledBack(fault)) => fault,
            };
            let passing = matches!(fault, Fault::Deadlock | Fault::LockTimeout);
            if !passing || sendings >= SENDINGS || Instant::now() >= deadline {
                return Err(CommitError::RolledBack(lost(TxError::RolledBack(fault))));
            }
            sleep(PAUSE * sendings).await;
        }
    }
}

impl Relational {
    /// A key of the group is taken, and nobody says which one: each cancellation goes by itself.
    async fn apart(&self, group: &[Cancellation]) -> Vec<CancelOutcome> {
        if group.len() == 1 {
            return vec![CancelOutcome::KeyTaken];
        }
        let mut outcomes = Vec::new();
        for wish in group {
            let alone = Box::pin(self.cancel_group(std::slice::from_ref(wish)));
            match alone.await {
                Ok(outcome) => outcomes.extend(outcome),
                Err(CommitError::RolledBack(_)) => outcomes.push(CancelOutcome::Busy),
                Err(CommitError::Unknown(_)) => outcomes.push(CancelOutcome::Unknown),
            }
        }
        outcomes
    }
}

/// Remembers the key of a cancellation.
async fn claim(tx: &Tx, wish: &Cancellation) -> Result<(), Fault> {
    let Some(claim) = &wish.key else {
        return Ok(());
    };
    let key = (claim.user_id, claim.used.key.as_str().to_owned());
    tx.lock(Lock::Claim(key.clone())).await?;
    if tx.tables(|tables| tables.has_claim(&key)) {
        return Err(Fault::Duplicate);
    }
    tx.change([Change::Claim(key, claim.used.fingerprint.clone())]);
    Ok(())
}

async fn write(tx: &Tx, group: Vec<Cancellation>) -> Result<Verdict<Vec<CancelOutcome>>, Fault> {
    let ids: BTreeSet<BookingId> = group.iter().map(|wish| wish.booking_id).collect();
    let mut rows: BTreeMap<BookingId, Booking> = BTreeMap::new();
    for id in ids {
        tx.dwell().await;
        tx.lock(Lock::Booking(id)).await?;
        let found = tx.tables(|tables| tables.row(id).and_then(|row| row.booking.clone()));
        rows.extend(found.map(|booking| (id, booking)));
    }
    let events: BTreeSet<EventId> = chosen(&rows, &group).map(|row| row.event_id).collect();
    let mut counters: BTreeMap<EventId, u64> = BTreeMap::new();
    for event in events {
        tx.lock(Lock::Counter(event)).await?;
        counters.insert(event, tx.tables(|tables| tables.returned(event)));
    }
    let mut changed = false;
    let mut outcomes = Vec::new();
    for wish in &group {
        let row = rows.get_mut(&wish.booking_id);
        let Some(row) = row.filter(|row| concerns(wish, row)) else {
            outcomes.push(CancelOutcome::NotFound);
            continue;
        };
        if !is_confirmed(row) {
            outcomes.push(CancelOutcome::AlreadyCancelled);
            continue;
        }
        row.status = BookingStatus::Cancelled { at: wish.at };
        let counter = counters.entry(row.event_id).or_default();
        *counter += u64::from(row.quantity.get());
        outcomes.push(cancel_one(tx, wish, row, *counter));
        if !tx.world.has(Mutation::NoKeyWithCancel) {
            claim(tx, wish).await?;
        }
        changed = true;
    }
    if !changed && rows.is_empty() {
        return Ok(Verdict::Drop(outcomes));
    }
    if !changed {
        // "Cancelled already" is said because of a row that may have been written a moment ago.
        if tx.world.has(Mutation::NoBarrierForCancelled) {
            return Ok(Verdict::Drop(outcomes));
        }
        tx.change([Change::Mark]);
    }
    Ok(Verdict::Commit(outcomes))
}

/// The rows that wishes of the group cancel.
fn chosen<'a>(
    rows: &'a BTreeMap<BookingId, Booking>,
    group: &'a [Cancellation],
) -> impl Iterator<Item = &'a Booking> {
    let wished = group.iter().filter_map(|wish| {
        let row = rows.get(&wish.booking_id);
        row.filter(|row| concerns(wish, row))
    });
    wished.filter(|row| is_confirmed(row))
}

/// Whose business a booking is.
fn concerns(wish: &Cancellation, row: &Booking) -> bool {
    wish.by.role == Role::Admin || wish.by.user_id == row.user_id
}

fn cancel_one(tx: &Tx, wish: &Cancellation, row: &Booking, counter: u64) -> CancelOutcome {
    let (stored, outbox) = tx.tables(|tables| {
        let stored = tables.row(row.id).cloned();
        (stored, tables.next_outbox())
    });
    let entry = OutboxEntry {
        event: row.event_id,
        record: wish.audit.clone(),
        back: row.quantity.get(),
    };
    let returned = if tx.world.has(Mutation::RememberReturns) {
        entry.remembered(outbox)
    } else {
        counter
    };
    let changed = stored.map(|stored| {
        Change::Row(super::tables::Row {
            booking: Some(row.clone()),
            ..stored
        })
    });
    tx.change(changed);
    tx.change([
        Change::Returned(row.event_id, counter),
        Change::Outbox(outbox, entry),
    ]);
    CancelOutcome::Cancelled(Cancelled {
        booking: row.clone(),
        stock_return: StockReturn {
            event_id: row.event_id,
            ticket_type: TicketType::general(),
            returned,
        },
    })
}
