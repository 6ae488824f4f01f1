//! The connections, and what differs from one kind of SQL to the other.

use std::future::Future;
use std::time::Duration;

use domain::error::StoreError;
use sea_orm::{DatabaseConnection, DbErr, TransactionOptions};
use tokio::time::Instant;

use super::fault::{Fault, SqlError};
use super::transaction::Transaction;

/// The longest that a call for a request may last. A request has three seconds in all, and a wait for
/// a lock up to two.
pub(crate) const CALL_LIMIT: Duration = Duration::from_millis(2_400);

/// What differs from one SQL store to another.
#[derive(Debug)]
pub struct Dialect {
    /// The store's name in errors and health reports.
    pub store: &'static str,
    /// What an error of the driver means.
    pub fault: fn(&DbErr) -> Fault,
    /// How a transaction that writes begins.
    pub begin: fn() -> TransactionOptions,
    /// The id of the first of so many rows that one statement inserted, usually, by the one id that the
    /// driver tells.
    pub first_id: fn(told: i64, rows: i64) -> i64,
    /// Whether others' commits can be read before they are on disk, so that a write of one's own must
    /// follow before anything is made of them.
    pub needs_barrier: bool,
    /// The store's own time, as an expression: whole milliseconds since 1970.
    pub now_millis: &'static str,
}

/// A SQL store: its connections and its dialect. Clones share them.
#[derive(Debug, Clone)]
pub struct SqlStore {
    reader: DatabaseConnection,
    writer: DatabaseConnection,
    dialect: &'static Dialect,
}

impl SqlStore {
    /// A store whose statements go to `reader` when they change nothing and to `writer` otherwise;
    /// the two may be one.
    pub fn new(
        reader: DatabaseConnection,
        writer: DatabaseConnection,
        dialect: &'static Dialect,
    ) -> Self {
        Self {
            reader,
            writer,
            dialect,
        }
    }

    /// For statements that change nothing.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// For transactions, and single statements that change something.
    pub fn writer(&self) -> &DatabaseConnection {
        &self.writer
    }

    /// What differs.
    pub fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    /// Begins a transaction that writes; it ends at `deadline` at the latest.
    pub(crate) async fn begin(&self, deadline: Instant) -> Result<Transaction, StoreError> {
        Transaction::begin(self, deadline).await
    }

    /// Gives up on `work` after [`CALL_LIMIT`].
    pub(crate) async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(CALL_LIMIT, work).await {
            Ok(result) => result,
            Err(_) => Err(self.silence()),
        }
    }

    /// A bounded read of one statement or more.
    pub(crate) async fn read<T>(
        &self,
        query: impl Future<Output = Result<T, DbErr>>,
    ) -> Result<T, StoreError> {
        self.bounded(async { query.await.map_err(|error| self.error(error)) })
            .await
    }

    /// A driver's error as the ports know it.
    pub fn error(&self, error: DbErr) -> StoreError {
        let passing = (self.dialect.fault)(&error).is_passing();
        let error = SqlError::new(error);
        if passing {
            StoreError::unavailable(self.dialect.store, error)
        } else {
            StoreError::unexpected(self.dialect.store, error)
        }
    }

    /// A call that got no answer.
    pub(crate) fn silence(&self) -> StoreError {
        StoreError::unavailable(self.dialect.store, SqlError::silence())
    }

    /// A row that Boxoffice can't have written.
    pub(crate) fn corrupt(&self, what: &'static str) -> StoreError {
        StoreError::unexpected(self.dialect.store, what)
    }
}
