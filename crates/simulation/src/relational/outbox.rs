//! The outbox.

use std::collections::BTreeSet;
use std::ops::Bound;

use async_trait::async_trait;
use domain::booking::{OutboxId, OutboxRepository, OutboxRow, PendingWork};
use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{StockReturn, TicketType};
use tokio::time::Instant;

use super::tables::{Change, OutboxEntry, Tables};
use super::transaction::{CALL_LIMIT, Tx, Verdict, durable, steps, transact};
use super::{Relational, lost};
use crate::mutation::Mutation;

impl OutboxEntry {
    /// How a mutation writes one return: the row's number and the tickets.
    pub(super) fn remembered(&self, id: OutboxId) -> u64 {
        id.0.unsigned_abs() << 16 | u64::from(self.back)
    }
}

/// The oldest rows, and then the counters of what they are about.
fn oldest(tables: &Tables, after: OutboxId, limit: usize, remembers: bool) -> PendingWork {
    let mut work = PendingWork::default();
    let mut touched: BTreeSet<EventId> = BTreeSet::new();
    let rows = (Bound::Excluded(after), Bound::Unbounded);
    let back = |event_id, returned| StockReturn {
        event_id,
        ticket_type: TicketType::general(),
        returned,
    };
    for (id, entry) in tables.outbox.range(rows).take(limit) {
        touched.insert(entry.event);
        work.rows.push(OutboxRow {
            id: *id,
            records: Some(vec![entry.record.clone()]),
        });
        if remembers && entry.back > 0 {
            work.returns.push(back(entry.event, entry.remembered(*id)));
        }
    }
    if !remembers {
        let counters = touched.into_iter();
        let counters = counters.map(|event| back(event, tables.returned(event)));
        work.returns = counters.filter(|back| back.returned > 0).collect();
    }
    work
}

#[async_trait]
impl OutboxRepository for Relational {
    async fn pending(&self, after: OutboxId, limit: u64) -> Result<PendingWork, StoreError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let remembers = self.0.world.has(Mutation::RememberReturns);
        let pending = durable(
            &self.0,
            "read the outbox",
            Some(Mutation::NoBarrierForOutbox),
            move |tables| {
                let work = oldest(tables, after, limit, remembers);
                let seen = !work.rows.is_empty();
                (work, seen)
            },
        );
        pending.await.map_err(lost)
    }

    async fn forget(&self, rows: &[OutboxId]) -> Result<(), StoreError> {
        let rows = rows.to_vec();
        let what = format!("forget {} outbox rows", rows.len());
        let delete = steps(|tx: Tx| async move {
            tx.change([Change::Forget(rows)]);
            Ok(Verdict::Commit(()))
        });
        let deleted = transact(&self.0, &what, Instant::now() + CALL_LIMIT, delete);
        deleted.await.map_err(lost)
    }
}
