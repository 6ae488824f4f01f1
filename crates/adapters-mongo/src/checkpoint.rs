//! [`FollowingCheckpoint`] in MongoDB.

use async_trait::async_trait;
use domain::checkpoint::{Checkpoint, FollowingCheckpoint};
use domain::error::StoreError;
use domain::time::Timestamp;
use mongodb::bson::{Document, doc};

use crate::connection::{CALL_LIMIT, MongoDatabase, SERVER_LIMIT, bounded};
use crate::error::{DUPLICATE_KEY, MongoError};
use crate::event_document::{date, integer};

/// The id of the one document.
const EVENTS: &str = "events";
/// How often it is written when somebody else makes it at the same time.
const TRIES: usize = 3;

/// [`FollowingCheckpoint`] in MongoDB: `{_id: "events", n, at: Date}` in `checkpoint`.
#[derive(Clone, Debug)]
pub struct MongoCheckpoint {
    database: MongoDatabase,
}

impl MongoCheckpoint {
    /// The checkpoint in `database`.
    pub fn new(database: MongoDatabase) -> Self {
        Self { database }
    }

    async fn write(&self, checkpoint: Checkpoint) -> Result<(), MongoError> {
        let n = i64::try_from(checkpoint.n)
            .map_err(|_| MongoError::Malformed("a checkpoint is out of range"))?;
        let is_new = doc! { "$lt": [{ "$ifNull": ["$n", -1_i64] }, n] };
        let at = doc! { "$cond": [is_new, date(checkpoint.at), "$at"] };
        let raise = vec![doc! { "$set": { "n": { "$max": ["$n", n] }, "at": at } }];
        let mut tries = TRIES;
        loop {
            let checkpoints = self.database.checkpoint();
            let update = checkpoints.update_one(doc! { "_id": EVENTS }, raise.clone());
            let error = match update.upsert(true).await {
                Ok(_) => return Ok(()),
                Err(error) => MongoError::from(error),
            };
            tries -= 1;
            if tries == 0 || error.code() != Some(DUPLICATE_KEY) {
                return Err(error);
            }
        }
    }
}

#[async_trait]
impl FollowingCheckpoint for MongoCheckpoint {
    async fn read(&self) -> Result<Option<Checkpoint>, StoreError> {
        let read = bounded(CALL_LIMIT, async {
            let checkpoints = self.database.checkpoint();
            let find = checkpoints.find_one(doc! { "_id": EVENTS });
            let found = find.max_time(SERVER_LIMIT).await?;
            found.as_ref().map(checkpoint).transpose()
        });
        Ok(read.await?)
    }

    async fn raise(&self, checkpoint: Checkpoint) -> Result<(), StoreError> {
        Ok(bounded(CALL_LIMIT, self.write(checkpoint)).await?)
    }
}

fn checkpoint(document: &Document) -> Result<Checkpoint, MongoError> {
    const MALFORMED: MongoError = MongoError::Malformed("the checkpoint cannot be read");
    let at = document.get_datetime("at").map_err(|_| MALFORMED)?;
    Ok(Checkpoint {
        n: u64::try_from(integer(document, "n")?).map_err(|_| MALFORMED)?,
        at: Timestamp::from_millis(at.timestamp_millis()),
    })
}
