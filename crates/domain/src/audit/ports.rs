//! What the audit log needs from outside.

use async_trait::async_trait;

use super::AuditRecord;
use crate::error::StoreError;

/// Keeps audit records.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditLog: Send + Sync {
    /// Stores the records under their ids. A record that is there already is left as it is, so a
    /// call may be repeated after any failure.
    async fn append(&self, records: &[AuditRecord]) -> Result<(), StoreError>;
}
