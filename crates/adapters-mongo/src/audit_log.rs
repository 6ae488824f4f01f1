//! [`AuditLog`] in MongoDB.

use async_trait::async_trait;
use domain::audit::{AuditLog, AuditRecord};
use domain::error::StoreError;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc, serialize_to_document};
use mongodb::error::{Error, ErrorKind};

use crate::STORE;
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
        let documents = records
            .iter()
            .map(document)
            .collect::<Result<Vec<_>, _>>()?;
        let written = bounded(CALL_LIMIT, async {
            // Unordered: a record that is there already must not stop the others.
            match self
                .database
                .system_logs()
                .insert_many(documents)
                .ordered(false)
                .await
            {
                Err(error) if !only_repeats(&error) => Err(MongoError::from(error)),
                _ => Ok(()),
            }
        });
        Ok(written.await?)
    }
}

/// The record as it serialises, with the id and the time in the database's own types.
fn document(record: &AuditRecord) -> Result<Document, StoreError> {
    let mut stored =
        serialize_to_document(record).map_err(|error| StoreError::unexpected(STORE, error))?;
    stored.remove("id");
    stored.remove("at");
    let id = ObjectId::from_bytes(record.id.bytes());
    let mut document = doc! { "_id": id, "at": date(record.at) };
    document.extend(stored);
    Ok(document)
}

/// Whether nothing went wrong but that some records were there already.
fn only_repeats(error: &Error) -> bool {
    let ErrorKind::InsertMany(failure) = error.kind.as_ref() else {
        return false;
    };
    let mut errors = failure.write_errors.iter().flatten();
    failure.write_concern_error.is_none() && errors.all(|error| error.code == DUPLICATE_KEY)
}
