//! The audit log.

use async_trait::async_trait;

use super::MemoryDocuments;
use crate::audit::{AuditLog, AuditRecord};
use crate::error::StoreError;

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
