//! [`Probe`] of MongoDB.

use std::time::Duration;

use async_trait::async_trait;
use domain::error::StoreError;
use domain::health::Probe;
use mongodb::bson::doc;

use crate::STORE;
use crate::connection::{MongoDatabase, bounded};
use crate::error::MongoError;

/// The longest that a sign of life may take.
const LIMIT: Duration = Duration::from_secs(1);

/// Asks for a primary, for without one nothing can be written.
#[derive(Clone, Debug)]
pub struct MongoProbe {
    database: MongoDatabase,
}

impl MongoProbe {
    /// A probe of `database`.
    pub fn new(database: MongoDatabase) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Probe for MongoProbe {
    fn name(&self) -> &'static str {
        STORE
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let answer = bounded(LIMIT, async {
            let reply = self
                .database
                .database()
                .run_command(doc! { "hello": 1 })
                .await?;
            match reply.get_bool("isWritablePrimary") {
                Ok(true) => Ok(()),
                // It was the primary a moment ago.
                _ => Err(MongoError::Statement {
                    code: NOT_WRITABLE_PRIMARY,
                }),
            }
        });
        Ok(answer.await?)
    }
}

/// What a server answers to a write when it is not the primary.
const NOT_WRITABLE_PRIMARY: i32 = 10107;
