//! The relay: carries over what bookings and cancellations left to be done in the other database.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::Counter;
use tokio::sync::Notify;

use super::StockRepository;
use crate::audit::AuditLog;
use crate::booking::{OutboxId, OutboxRepository, PendingWork};
use crate::error::StoreError;
use crate::metric::OUTBOX_ROWS;
use crate::time::Timestamp;

/// The most outbox rows of one batch: a row has up to some hundred records, and all of a batch are in memory
/// at once. More come in the time between two rounds only while a hot event is on sale.
const MAX_ROWS: u64 = 16;
/// The most audit records of one write.
const MAX_RECORDS: usize = 1_000;

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
    oldest_left: Mutex<Option<Timestamp>>,
    carried: Counter,
    unreadable: Counter,
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
            oldest_left: Mutex::default(),
            carried: OUTBOX_ROWS.counter(["carried"]),
            unreadable: OUTBOX_ROWS.counter(["unreadable"]),
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

    /// When the oldest row was left that the last round of [`Self::drain`] found and could not carry
    /// over; `None` if it left none. Rows that cannot be read are not among them.
    pub fn oldest_left(&self) -> Option<Timestamp> {
        *self.left()
    }

    fn left(&self) -> MutexGuard<'_, Option<Timestamp>> {
        self.oldest_left
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes once through the outbox, oldest first.
    ///
    /// A batch that fails for a reason of its own stays and does not keep the others waiting; the first
    /// such error is given back at the end. A store that is away ends it at once.
    pub async fn drain(&self) -> Result<(), StoreError> {
        let (mut after, mut result, mut left) = (OutboxId::START, Ok(()), None);
        loop {
            // The counters were read after the rows: whatever the rows stand for is in them, and a row
            // that comes later is still there for the next time.
            let work = self.outbox.pending(after, MAX_ROWS).await?;
            let Some(last) = work.rows.last() else {
                *self.left() = left;
                return result;
            };
            after = last.id;
            let oldest = oldest(&work);
            let carried = self.carry_over(work).await;
            if carried.is_err() {
                left = left.or(oldest);
            }
            match carried {
                Err(error) if error.is_unavailable() => {
                    *self.left() = left;
                    return Err(error);
                }
                carried => result = result.and(carried),
            }
        }
    }

    async fn carry_over(&self, work: PendingWork) -> Result<(), StoreError> {
        if !work.returns.is_empty() {
            self.stock.apply_returns(&work.returns).await?;
        }
        let (mut ids, mut records) = (Vec::new(), Vec::new());
        for row in work.rows {
            match row.records {
                Some(found) => {
                    ids.push(row.id);
                    records.extend(found);
                }
                // It stays for a newer instance; its tickets are back.
                None => {
                    self.unreadable.increment(1);
                    tracing::error!(row = row.id.0, "an outbox row cannot be read");
                }
            }
        }
        for some in records.chunks(MAX_RECORDS) {
            self.audit.append(some).await?;
        }
        match ids.as_slice() {
            [] => Ok(()),
            ids => {
                self.outbox.forget(ids).await?;
                self.carried.increment(ids.len() as u64);
                Ok(())
            }
        }
    }
}

/// When the oldest of these rows was left; they come oldest first.
fn oldest(work: &PendingWork) -> Option<Timestamp> {
    let mut records = work.rows.iter().filter_map(|row| row.records.as_deref());
    records.find_map(|records| records.first().map(|record| record.at))
}
