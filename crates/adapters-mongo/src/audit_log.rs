//! [`AuditLog`] in MongoDB.

use async_trait::async_trait;
use domain::audit::{Action, Actor, AuditLog, AuditRecord, Details, Level, Outcome, Target};
use domain::error::StoreError;
use mongodb::bson::DateTime;
use mongodb::bson::oid::ObjectId;
use mongodb::error::{Error, ErrorKind};
use serde::Serialize;

use crate::connection::{CALL_LIMIT, MongoDatabase, bounded};
use crate::error::{DUPLICATE_KEY, MongoError};
use crate::event_document::date;

/// [`AuditLog`] and [`AuditTrail`](domain::audit::AuditTrail) in MongoDB: a document per record in
/// `system_logs`.
#[derive(Clone, Debug)]
pub struct MongoAuditLog {
    pub(crate) database: MongoDatabase,
}

impl MongoAuditLog {
    /// The audit log in `database`.
    pub fn new(database: MongoDatabase) -> Self {
        Self { database }
    }
}

#[async_trait]
impl AuditLog for MongoAuditLog {
    async fn append(&self, records: &[AuditRecord]) -> Result<(), StoreError> {
        if records.is_empty() {
            return Ok(());
        }
        let logs = self.database.system_logs().clone_with_type::<Stored<'_>>();
        let written = bounded(CALL_LIMIT, async {
            // Unordered: a record that is there already must not stop the others.
            let records = records.iter().map(Stored::of);
            match logs.insert_many(records).ordered(false).await {
                Err(error) if !only_repeats(&error) => Err(MongoError::from(error)),
                _ => Ok(()),
            }
        });
        Ok(written.await?)
    }
}

/// A record with the id and the time in the database's own types. It is written into the command as it is:
/// each booking leaves one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Stored<'a> {
    #[serde(rename = "_id")]
    id: ObjectId,
    at: DateTime,
    level: Level,
    action: Action,
    actor: &'a Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a Target>,
    outcome: Outcome,
    request_id: &'a str,
    details: &'a Details,
}

impl<'a> Stored<'a> {
    fn of(record: &'a AuditRecord) -> Self {
        Self {
            id: ObjectId::from_bytes(record.id.bytes()),
            at: date(record.at),
            level: record.level,
            action: record.action,
            actor: &record.actor,
            target: record.target.as_ref(),
            outcome: record.outcome,
            request_id: &record.request_id,
            details: &record.details,
        }
    }
}

/// Whether nothing went wrong but that some records were there already.
fn only_repeats(error: &Error) -> bool {
    let ErrorKind::InsertMany(failure) = error.kind.as_ref() else {
        return false;
    };
    let mut errors = failure.write_errors.iter().flatten();
    failure.write_concern_error.is_none() && errors.all(|error| error.code == DUPLICATE_KEY)
}
