//! The file and the connections to it.

use std::future::Future;
use std::path::Path;
use std::time::Duration;

use adapters_mysql::relational::SqlError;
use domain::error::StoreError;
use sea_orm::{DatabaseConnection, DatabaseTransaction, SqlxSqliteConnector, TransactionTrait};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection};

use crate::dialect::begin;
use crate::error::{NAME, store_error};

/// How long a call waits for the connection and for other processes, and again for its commit.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// Reads at the same time; they wait for nobody.
const READERS: u32 = 4;

/// One connection that writes and a few that read.
///
/// SQLite has one writer at a time. Within the process the writers queue for the one connection,
/// first come, first served; waiting for SQLite's lock instead is polling, in which the last may be
/// the first. Other processes are kept out by that lock, taken when a transaction begins.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
}

/// Why a write was not acknowledged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WriteError {
    /// Its commit was never sent, so nothing of it stays.
    #[error(transparent)]
    NotDone(StoreError),
    /// Its commit was sent and failed, or was not answered.
    #[error(transparent)]
    Unknown(StoreError),
}

impl From<WriteError> for StoreError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::NotDone(error) | WriteError::Unknown(error) => error,
        }
    }
}

impl Database {
    /// Opens the file, which must be there; an empty one becomes a database.
    pub(crate) async fn open(file: &Path) -> Result<Self, sqlx::Error> {
        let options = connect_options(file);
        // The writer comes first: it is the one that may have to turn on the write-ahead log.
        let writer = pool_options(1).connect_with(options.clone()).await?;
        let reading = options.pragma("query_only", "ON");
        let reader = pool_options(READERS).connect_lazy_with(reading);
        Ok(Self {
            reader: connection(reader),
            writer: connection(writer),
        })
    }

    /// For statements that change nothing; each sees all that was committed before it began.
    pub(crate) fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For transactions that write.
    pub(crate) fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// Does `steps` in one transaction that holds SQLite's write lock from its beginning. They give
    /// the transaction back to have it committed; dropped, it is rolled back.
    pub(crate) async fn write<T, F>(
        &self,
        steps: impl FnOnce(DatabaseTransaction) -> F,
    ) -> Result<T, WriteError>
    where
        F: Future<Output = Result<(DatabaseTransaction, T), StoreError>>,
    {
        let until_commit = async { steps(self.begin().await?).await };
        let (transaction, result) = bounded(until_commit).await.map_err(WriteError::NotDone)?;
        let commit = async { transaction.commit().await.map_err(store_error) };
        bounded(commit).await.map_err(WriteError::Unknown)?;
        Ok(result)
    }

    /// Closes the connections; the last one of the last process puts the log into the file.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        self.reader.close_by_ref().await.map_err(store_error)?;
        self.writer.close_by_ref().await.map_err(store_error)
    }

    async fn begin(&self) -> Result<DatabaseTransaction, StoreError> {
        let begun = self.writer.begin_with_options(begin()).await;
        begun.map_err(store_error)
    }
}

/// Gives up on `work` after [`PATIENCE`].
pub(crate) async fn bounded<T>(
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(result) => result,
        Err(_) => Err(StoreError::unavailable(NAME, SqlError::silence())),
    }
}

fn connect_options(file: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        // With NORMAL, a commit in WAL mode would not survive a power failure.
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        // Statements carry personal data.
        .disable_statement_logging()
}

fn pool_options(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_release(|connection, _| {
            Box::pin(async move {
                // A rollback that was only queued is done by now.
                connection.ping().await?;
                // SQLite ends a transaction by itself when the disk is full or broken; the driver
                // then still counts it as open, and its next BEGIN would open a savepoint without
                // the write lock. Such a connection is replaced.
                Ok(!connection.is_in_transaction())
            })
        })
}

fn connection(pool: SqlitePool) -> DatabaseConnection {
    SqlxSqliteConnector::from_sqlx_sqlite_pool(pool)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::row;

    async fn setting(connection: &DatabaseConnection, name: &str) -> i64 {
        let row = row(connection, &format!("PRAGMA {name}"), [])
            .await
            .unwrap()
            .unwrap();
        row.try_get_by_index(0).unwrap()
    }

    #[tokio::test]
    async fn every_connection_is_durable_and_checks_foreign_keys() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let database = Database::open(file.path()).await.unwrap();
        for connection in [database.reader(), database.writer()] {
            // 2 is FULL.
            assert_eq!(setting(connection, "synchronous").await, 2);
            assert_eq!(setting(connection, "foreign_keys").await, 1);
            assert!(setting(connection, "busy_timeout").await >= 1_000);
            let mode = row(connection, "PRAGMA journal_mode", [])
                .await
                .unwrap()
                .unwrap();
            assert_eq!(mode.try_get_by_index::<String>(0).unwrap(), "wal");
        }
        assert_eq!(setting(database.reader(), "query_only").await, 1);
    }
}
