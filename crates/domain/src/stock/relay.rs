//! The relay: carries over what bookings and cancellations left to be done in the other database.

use std::sync::Arc;

use tokio::sync::Notify;

use super::StockRepository;
use crate::audit::{AuditLog, AuditRecord};
use crate::booking::{OutboxId, OutboxRepository};
use crate::error::StoreError;

/// The most outbox rows of one round.
const MAX_ROWS: u64 = 500;

/// Empties the outbox: returns go into the stock, audit records into the audit log.
///
/// Any number of relays may run at once, on any number of instances, and stop at any point: every
/// step changes nothing when it is done again, and rows leave the outbox only after their work is
/// acknowledged.
pub struct Relay {
    outbox: Arc<dyn OutboxRepository>,
    stock: Arc<dyn StockRepository>,
    audit: Arc<dyn AuditLog>,
    arrived: Notify,
}

impl Relay {
    /// A relay from `outbox` to `stock` and `audit`.
    pub fn new(
        outbox: Arc<dyn OutboxRepository>,
        stock: Arc<dyn StockRepository>,
        audit: Arc<dyn AuditLog>,
    ) -> Self {
        Self {
            outbox,
            stock,
            audit,
            arrived: Notify::new(),
        }
    }

    /// Tells the relay that there is something in the outbox.
    pub fn wake(&self) {
        self.arrived.notify_one();
    }

    /// Waits until somebody says that there is something in the outbox.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Does one round and returns how many rows it did; 0 means that the outbox was empty.
    pub async fn round(&self) -> Result<usize, StoreError> {
        // The counters were read after the rows: whatever the rows stand for is in them, and a row
        // that comes later is still there for the next round.
        let work = self.outbox.pending(MAX_ROWS).await?;
        if work.rows.is_empty() {
            return Ok(0);
        }
        if !work.returns.is_empty() {
            self.stock.apply_returns(&work.returns).await?;
        }
        let ids: Vec<OutboxId> = work.rows.iter().map(|row| row.id).collect();
        let records: Vec<AuditRecord> = work.rows.into_iter().map(|row| row.record).collect();
        self.audit.append(&records).await?;
        self.outbox.forget(&ids).await?;
        Ok(ids.len())
    }

    /// Does rounds until the outbox is empty.
    pub async fn drain(&self) -> Result<(), StoreError> {
        while self.round().await? > 0 {}
        Ok(())
    }
}
