//! The audit log.

use async_trait::async_trait;
use domain::audit::{AuditLog, AuditRecord};
use domain::error::StoreError;
use serde_json::{Value, json};

use crate::database::Database;
use crate::error::NAME;
use crate::sql::{execute, list};

/// [`AuditLog`] and [`AuditTrail`](domain::audit::AuditTrail) in SQLite: the record's JSON form in a row,
/// beside it the columns that it is looked up by.
#[derive(Debug, Clone)]
pub struct SqliteAuditLog {
    pub(crate) database: Database,
}

impl SqliteAuditLog {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl AuditLog for SqliteAuditLog {
    async fn append(&self, records: &[AuditRecord]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        // The record goes in as text of its own: taken apart, its numbers might come out otherwise.
        let sql = "INSERT INTO system_logs (id, at, level, action, actor_user_id, record) \
                   SELECT r.value->>'id', r.value->>'at', r.value->>'level', r.value->>'action', \
                   r.value->>'user', r.value->>'record' FROM json_each(?) AS r WHERE true \
                   ON CONFLICT (id) DO NOTHING";
        let lines: Vec<Value> = records.iter().map(line).collect::<Result<_, _>>()?;
        let written = self.database.write(|tx| async {
            execute(&tx, sql, [list(lines)]).await?;
            Ok((tx, ()))
        });
        Ok(written.await?)
    }
}

fn line(record: &AuditRecord) -> Result<Value, StoreError> {
    let stored = serde_json::to_value(record);
    let stored = stored.map_err(|error| StoreError::unexpected(NAME, error))?;
    Ok(json!({
        "id": record.id.to_string(),
        "at": record.at.millis(),
        "level": record.level,
        "action": record.action,
        "user": record.actor.user_id,
        "record": stored.to_string(),
    }))
}
