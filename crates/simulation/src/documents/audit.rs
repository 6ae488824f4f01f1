//! The audit log.

use async_trait::async_trait;
use domain::audit::{AuditLog, AuditRecord};
use domain::error::StoreError;

use super::replica_set::Entry;
use super::{Documents, command, lost};

#[async_trait]
impl AuditLog for Documents {
    async fn append(&self, records: &[AuditRecord]) -> Result<(), StoreError> {
        let what = format!("append {} audit records", records.len());
        let entries = records.iter().cloned().map(Entry::Audit).collect();
        let appended = command::insert(&self.0, &what, entries).await;
        appended.map_err(lost)
    }
}
