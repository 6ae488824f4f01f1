//! The audit log.

use async_trait::async_trait;
use serde_json::Value;

use super::MemoryDocuments;
use crate::audit::{AuditEntry, AuditFilter, AuditLog, AuditOrder, AuditRecord, AuditTrail};
use crate::cursor::Moment;
use crate::error::StoreError;
use crate::time::Timestamp;
use crate::user::UserId;

#[async_trait]
impl AuditLog for MemoryDocuments {
    async fn append(&self, records: &[AuditRecord]) -> Result<(), StoreError> {
        let mut collections = self.open()?;
        for record in records {
            if collections.audit_ids.insert(record.id) {
                collections.audit.push(record.clone());
            }
        }
        Ok(())
    }
}

#[async_trait]
impl AuditTrail for MemoryDocuments {
    async fn read(
        &self,
        filter: &AuditFilter,
        order: AuditOrder,
        after: Option<Moment>,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let collections = self.open()?;
        let wanted = collections
            .audit
            .iter()
            .filter(|log| is_wanted(log, filter));
        let mut wanted: Vec<&AuditRecord> = wanted.collect();
        wanted.sort_by_key(|log| place(log));
        if order == AuditOrder::NewestFirst {
            wanted.reverse();
        }
        let is_behind = |log: &AuditRecord| match (after, order) {
            (None, _) => true,
            (Some(after), AuditOrder::NewestFirst) => place(log) < (after.at, after.id),
            (Some(after), AuditOrder::OldestFirst) => place(log) > (after.at, after.id),
        };
        let behind = wanted.into_iter().filter(|log| is_behind(log));
        behind.take(limit).map(entry).collect()
    }

    async fn forget(&self, before: Timestamp, limit: usize) -> Result<usize, StoreError> {
        let mut collections = self.open()?;
        collections.audit.sort_by_key(place);
        let old = collections.audit.iter().take_while(|log| log.at < before);
        let count = old.take(limit).count();
        let gone: Vec<AuditRecord> = collections.audit.drain(..count).collect();
        for log in &gone {
            collections.audit_ids.remove(&log.id);
        }
        Ok(gone.len())
    }
}

fn place(log: &AuditRecord) -> (Timestamp, [u8; 12]) {
    (log.at, log.id.bytes())
}

fn is_wanted(log: &AuditRecord, filter: &AuditFilter) -> bool {
    let by = filter.actor.map(UserId::get);
    (by.is_none() || log.actor.user_id == by)
        && filter.action.is_none_or(|action| log.action == action)
        && (filter.target.is_none() || log.target == filter.target)
        && filter.outcome.is_none_or(|outcome| log.outcome == outcome)
        && filter.since.is_none_or(|since| log.at >= since)
        && filter.until.is_none_or(|until| log.at < until)
}

fn entry(log: &AuditRecord) -> Result<AuditEntry, StoreError> {
    let stored = serde_json::to_value(log);
    match stored.map_err(|error| StoreError::unexpected(MemoryDocuments::NAME, error))? {
        Value::Object(stored) => Ok(AuditEntry::from_stored(log.id, log.at, stored)),
        _ => Err(StoreError::unexpected(MemoryDocuments::NAME, "no object")),
    }
}
