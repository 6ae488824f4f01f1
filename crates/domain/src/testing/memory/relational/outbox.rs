//! The outbox.

use std::collections::BTreeSet;
use std::ops::Bound;

use async_trait::async_trait;

use super::MemoryRelational;
use crate::booking::{OutboxId, OutboxRepository, OutboxRow, PendingWork};
use crate::error::StoreError;
use crate::stock::StockReturn;

#[async_trait]
impl OutboxRepository for MemoryRelational {
    async fn pending(&self, after: OutboxId, limit: u64) -> Result<PendingWork, StoreError> {
        let tables = self.open()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut work = PendingWork::default();
        let mut touched = BTreeSet::new();
        for (id, entry) in tables
            .outbox
            .range((Bound::Excluded(after), Bound::Unbounded))
            .take(limit)
        {
            touched.insert((entry.event_id, entry.ticket_type.clone()));
            work.rows.push(OutboxRow {
                id: *id,
                records: Some(vec![entry.record.clone()]),
            });
        }
        for key in touched {
            if let Some(returned) = tables.returned.get(&key) {
                work.returns.push(StockReturn {
                    event_id: key.0,
                    ticket_type: key.1,
                    returned: *returned,
                });
            }
        }
        Ok(work)
    }

    async fn forget(&self, rows: &[OutboxId]) -> Result<(), StoreError> {
        let mut tables = self.open()?;
        rows.iter().for_each(|id| {
            tables.outbox.remove(id);
        });
        Ok(())
    }
}
