//! The checkpoint beside the events. Events and bookings share a file here, and grow old together; the
//! two rows are compared all the same.

use async_trait::async_trait;
use domain::checkpoint::{Checkpoint, FollowingCheckpoint};
use domain::error::StoreError;
use domain::time::Timestamp;

use crate::database::{Database, bounded};
use crate::sql::{column, execute, parsed, row};

/// [`FollowingCheckpoint`] in SQLite.
#[derive(Debug, Clone)]
pub struct SqliteCheckpoint {
    database: Database,
}

impl SqliteCheckpoint {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl FollowingCheckpoint for SqliteCheckpoint {
    async fn read(&self) -> Result<Option<Checkpoint>, StoreError> {
        let sql = "SELECT n, at FROM checkpoint WHERE id = 2";
        let Some(found) = bounded(row(self.database.reader(), sql, [])).await? else {
            return Ok(None);
        };
        Ok(Some(Checkpoint {
            n: parsed(&found, "n", |n: i64| u64::try_from(n).ok())?,
            at: Timestamp::from_millis(column(&found, "at")?),
        }))
    }

    async fn raise(&self, checkpoint: Checkpoint) -> Result<(), StoreError> {
        let sql = "INSERT INTO checkpoint (id, n, at) VALUES (2, ?1, ?2) \
                   ON CONFLICT (id) DO UPDATE SET n = excluded.n, at = excluded.at \
                   WHERE excluded.n > n";
        let n = i64::try_from(checkpoint.n).unwrap_or(i64::MAX);
        let written = self.database.write(|tx| async {
            execute(&tx, sql, [n.into(), checkpoint.at.millis().into()]).await?;
            Ok((tx, ()))
        });
        Ok(written.await?)
    }
}
