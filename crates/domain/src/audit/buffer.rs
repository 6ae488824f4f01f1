//! Audit records that need not survive a crash wait here for their turn.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::{Counter, Gauge};
use tokio::sync::Notify;

use super::{AuditLog, AuditRecord};
use crate::error::StoreError;
use crate::metric::{AUDIT_LOST, AUDIT_WAITING, NO_LABELS, count};

/// The most records that wait; beyond it the oldest go, and the log says how many.
const MAX_WAITING: usize = 10_000;
/// The most records of one write.
const MAX_WRITE: usize = 500;

/// Takes audit records without waiting and writes them in the background, in groups.
///
/// Bookings and cancellations do not come this way: their records go through the outbox.
pub struct AuditBuffer {
    log: Arc<dyn AuditLog>,
    waiting: Mutex<VecDeque<AuditRecord>>,
    arrived: Notify,
    measured: Gauge,
    lost: Counter,
}

impl AuditBuffer {
    /// An empty buffer in front of `log`.
    pub fn new(log: Arc<dyn AuditLog>) -> Self {
        Self {
            log,
            waiting: Mutex::default(),
            arrived: Notify::new(),
            measured: AUDIT_WAITING.gauge(NO_LABELS),
            lost: AUDIT_LOST.counter(NO_LABELS),
        }
    }

    /// Takes a record; never waits.
    pub fn push(&self, record: AuditRecord) {
        let lost = {
            let mut waiting = self.waiting();
            waiting.push_back(record);
            let lost = (waiting.len() > MAX_WAITING).then(|| waiting.pop_front());
            self.measured.set(count(waiting.len()));
            lost.flatten()
        };
        if let Some(lost) = lost {
            self.lost.increment(1);
            tracing::error!(audit_id = %lost.id, action = ?lost.action, "audit record dropped: the audit log does not keep up");
        }
        self.arrived.notify_one();
    }

    /// Waits until there is something to write.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Writes all that waits. After an error the records wait on, and a later call writes them.
    pub async fn flush(&self) -> Result<(), StoreError> {
        loop {
            let group = self.take();
            if group.is_empty() {
                return Ok(());
            }
            if let Err(error) = self.log.append(&group).await {
                self.put_back(group);
                return Err(error);
            }
            let left = self.waiting().len();
            self.measured.set(count(left));
        }
    }

    fn take(&self) -> Vec<AuditRecord> {
        let mut waiting = self.waiting();
        let some = waiting.len().min(MAX_WRITE);
        waiting.drain(..some).collect()
    }

    fn put_back(&self, group: Vec<AuditRecord>) {
        let mut waiting = self.waiting();
        let room = MAX_WAITING.saturating_sub(waiting.len());
        let lost = group.len().saturating_sub(room);
        for record in group.into_iter().skip(lost).rev() {
            waiting.push_front(record);
        }
        self.measured.set(count(waiting.len()));
        drop(waiting);
        if lost > 0 {
            self.lost.increment(lost as u64);
            tracing::error!(
                lost,
                "audit records dropped: the audit log does not keep up"
            );
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<AuditRecord>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use mockall::Sequence;

    use super::*;
    use crate::audit::{Action, MockAuditLog};
    use crate::test_runtime::{origin, runtime};

    fn record(buffer: &AuditBuffer) -> AuditRecord {
        let runtime = runtime();
        let record = AuditRecord::new(
            runtime.ids.audit_id(),
            runtime.clock.now(),
            Action::Login,
            &origin(),
        );
        buffer.push(record.clone());
        record
    }

    #[tokio::test]
    async fn records_wait_through_a_failure_and_keep_their_order() {
        let mut log = MockAuditLog::new();
        let mut order = Sequence::new();
        log.expect_append()
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Err(StoreError::unavailable("mongodb", "gone")));
        log.expect_append()
            .withf(|records| records.len() == 2)
            .times(1)
            .in_sequence(&mut order)
            .returning(|_| Ok(()));
        let buffer = AuditBuffer::new(Arc::new(log));
        record(&buffer);
        assert!(buffer.flush().await.is_err());
        record(&buffer);
        buffer.flush().await.unwrap();
    }

    #[tokio::test]
    async fn the_buffer_is_bounded() {
        let buffer = AuditBuffer::new(Arc::new(MockAuditLog::new()));
        (0..MAX_WAITING + 5).for_each(|_| {
            record(&buffer);
        });
        assert_eq!(buffer.waiting.lock().unwrap().len(), MAX_WAITING);
    }
}
