//! A sign of life.

use std::time::Duration;

use adapters_mysql::relational::SqlError;
use async_trait::async_trait;
use domain::error::StoreError;
use domain::health::Probe;

use crate::database::Database;
use crate::error::NAME;
use crate::sql::row;

const PATIENCE: Duration = Duration::from_secs(1);

/// [`Probe`] that reads from the file.
#[derive(Debug, Clone)]
pub struct SqliteProbe {
    database: Database,
}

impl SqliteProbe {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Probe for SqliteProbe {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let read = row(
            self.database.reader(),
            "SELECT 1 FROM sqlite_schema LIMIT 1",
            [],
        );
        match tokio::time::timeout(PATIENCE, read).await {
            Ok(answer) => answer.map(drop),
            Err(_) => Err(StoreError::unavailable(NAME, SqlError::silence())),
        }
    }
}
