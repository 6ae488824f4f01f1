//! The collections' validators and indexes.

mod collections;
pub(crate) mod event_index;
pub(crate) mod log_index;

use std::time::Duration;

use domain::error::StoreError;
use futures_util::TryStreamExt;
use mongodb::bson::{Bson, Document, doc};

use self::collections::{CollectionSchema, all};
use crate::connection::{MongoDatabase, bounded};
use crate::error::MongoError;

/// The collection of the events.
pub(crate) const EVENTS: &str = "events";
/// The collection of the audit log.
pub(crate) const SYSTEM_LOGS: &str = "system_logs";

/// The collection of the keys of changes of events.
pub(crate) const IDEMPOTENCY_KEYS: &str = "idempotency_keys";

/// The collection of the checkpoint.
pub(crate) const CHECKPOINT: &str = "checkpoint";

/// The longest that all changes of one call may last: an index over many documents takes its time.
const CHANGE_LIMIT: Duration = Duration::from_secs(120);
/// A collection that is to be made is there already.
const NAMESPACE_EXISTS: i32 = 48;
/// A collection or an index that is to be changed or dropped is not there.
const NOTHING_THERE: [i32; 2] = [26, 27];

/// A part of the schema and whether the database has it as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaStep {
    /// The part's name.
    pub name: String,
    /// Whether its collection is there, with its validator and all its indexes.
    pub applied: bool,
}

/// Brings validators and indexes up to date, and says what is missing.
///
/// Nothing is remembered in the database about it: what counts is what is there. Each collection is one
/// step.
#[derive(Clone, Debug)]
pub struct MongoSchema {
    database: MongoDatabase,
}

impl MongoSchema {
    /// The schema of `database`.
    pub fn new(database: MongoDatabase) -> Self {
        Self { database }
    }

    /// All steps, in the order in which they are applied.
    ///
    /// # Errors
    /// The database is away.
    pub async fn steps(&self) -> Result<Vec<SchemaStep>, StoreError> {
        let looks = async {
            let mut steps = Vec::new();
            for collection in all() {
                let applied = self.is_current(&collection).await?;
                steps.push(SchemaStep {
                    name: collection.step.to_owned(),
                    applied,
                });
            }
            Ok(steps)
        };
        Ok(bounded(CHANGE_LIMIT, looks).await?)
    }

    /// Applies what is missing; may be repeated, and run by several processes at once.
    ///
    /// # Errors
    /// The database is away, or an index of the same name is there with other keys.
    pub async fn up(&self) -> Result<(), StoreError> {
        let changes = async {
            for collection in all() {
                self.apply(&collection).await?;
            }
            Ok(())
        };
        Ok(bounded(CHANGE_LIMIT, changes).await?)
    }

    /// Takes the latest `steps` applied steps back: their validators and indexes. The documents stay,
    /// because without them no later [`up`](Self::up) could bring back what was sold.
    ///
    /// # Errors
    /// The database is away.
    pub async fn down(&self, steps: u32) -> Result<(), StoreError> {
        let changes = async {
            let mut left = steps;
            for collection in all().iter().rev() {
                if left > 0 && self.is_current(collection).await? {
                    self.take_back(collection).await?;
                    left -= 1;
                }
            }
            Ok(())
        };
        Ok(bounded(CHANGE_LIMIT, changes).await?)
    }

    async fn is_current(&self, collection: &CollectionSchema) -> Result<bool, MongoError> {
        if !self.has_validator(collection).await? {
            return Ok(false);
        }
        let reply = self
            .database
            .database()
            .run_cursor_command(doc! { "listIndexes": collection.name })
            .await?;
        let there: Vec<Document> = reply.try_collect().await?;
        let is_there = |index: &Document| there.iter().any(|other| is_same(index, other));
        let is_named = |name: &&str| {
            there
                .iter()
                .any(|index| index.get_str("name").ok() == Some(*name))
        };
        Ok(collection.indexes.iter().all(is_there)
            && !collection.obsolete_indexes.iter().any(is_named))
    }

    async fn has_validator(&self, collection: &CollectionSchema) -> Result<bool, MongoError> {
        let list = doc! { "listCollections": 1, "filter": { "name": collection.name } };
        let reply = self.database.database().run_cursor_command(list).await?;
        let found: Vec<Document> = reply.try_collect().await?;
        let validator = found
            .first()
            .and_then(|collection| collection.get_document("options").ok())
            .and_then(|options| options.get_document("validator").ok());
        Ok(validator == Some(&collection.validator))
    }

    async fn apply(&self, collection: &CollectionSchema) -> Result<(), MongoError> {
        if !self.has_validator(collection).await? {
            let validator = collection.validator.clone();
            let create = doc! { "create": collection.name, "validator": validator.clone() };
            match self.change(create).await {
                Err(error) if error.code() == Some(NAMESPACE_EXISTS) => {
                    self.change(doc! { "collMod": collection.name, "validator": validator })
                        .await?;
                }
                answer => answer?,
            }
        }
        if collection.indexes.is_empty() {
            return Ok(());
        }
        let indexes = collection.indexes.clone();
        self.change(doc! { "createIndexes": collection.name, "indexes": indexes })
            .await?;
        // Only then: an older instance that still serves is never without.
        for name in collection.obsolete_indexes {
            self.drop_index(collection, *name).await?;
        }
        Ok(())
    }

    async fn take_back(&self, collection: &CollectionSchema) -> Result<(), MongoError> {
        for index in &collection.indexes {
            let name = index.get("name").cloned().unwrap_or(Bson::Null);
            self.drop_index(collection, name).await?;
        }
        let open = doc! { "collMod": collection.name, "validator": {} };
        passing_over_absence(self.change(open).await)
    }

    async fn drop_index(
        &self,
        collection: &CollectionSchema,
        name: impl Into<Bson>,
    ) -> Result<(), MongoError> {
        let drop = doc! { "dropIndexes": collection.name, "index": name.into() };
        passing_over_absence(self.change(drop).await)
    }

    /// Sends a command that changes the schema, and waits for a majority as long as it takes.
    async fn change(&self, mut command: Document) -> Result<(), MongoError> {
        command.insert("writeConcern", doc! { "w": "majority" });
        let reply = self.database.database().run_command(command).await?;
        match reply.get_document("writeConcernError") {
            Ok(error) => Err(MongoError::NotConfirmed {
                code: error.get_i32("code").unwrap_or(0),
            }),
            Err(_) => Ok(()),
        }
    }
}

fn passing_over_absence(answer: Result<(), MongoError>) -> Result<(), MongoError> {
    match answer {
        Err(error)
            if error
                .code()
                .is_some_and(|code| NOTHING_THERE.contains(&code)) =>
        {
            Ok(())
        }
        answer => answer,
    }
}

/// Whether the index `there` is what `wanted` asks for.
fn is_same(wanted: &Document, there: &Document) -> bool {
    ["name", "key", "partialFilterExpression"]
        .iter()
        .all(|part| wanted.get(part) == there.get(part))
}
