//! The port.

use std::time::Duration;

use async_trait::async_trait;
use domain::error::StoreError;
use domain::event::{EventId, ExpectedRevision};
use domain::idempotency::KeyClaim;
use domain::stock::{
    ClosingState, ClosingToken, DeleteOutcome, Hold, HoldRef, ReserveError, ReserveOutcome,
    StaleClosing, StockBatch, StockRepository, StockReturn,
};

use crate::database::{Database, WriteError, bounded};
use crate::stock::{closing, holds, reserve, returns};

/// [`StockRepository`] in SQLite: each call is one transaction.
#[derive(Debug, Clone)]
pub struct SqliteStockRepository {
    database: Database,
}

impl SqliteStockRepository {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl StockRepository for SqliteStockRepository {
    async fn reserve(&self, batch: &StockBatch) -> Result<Vec<ReserveOutcome>, ReserveError> {
        let written = self.database.write(|tx| async {
            let outcomes = reserve::reserve(&tx, batch).await?;
            Ok((tx, outcomes))
        });
        written.await.map_err(|error| match error {
            WriteError::NotDone(error) => ReserveError::NotExecuted(error),
            WriteError::Unknown(error) => ReserveError::Unknown(error),
        })
    }

    async fn settle(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        if holds.is_empty() {
            return Ok(());
        }
        let written = self.database.write(|tx| async {
            holds::settle(&tx, holds).await?;
            Ok((tx, ()))
        });
        Ok(written.await?)
    }

    async fn release(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        if holds.is_empty() {
            return Ok(());
        }
        let written = self.database.write(|tx| async {
            holds::release(&tx, holds).await?;
            Ok((tx, ()))
        });
        Ok(written.await?)
    }

    async fn apply_returns(&self, returns: &[StockReturn]) -> Result<(), StoreError> {
        if returns.is_empty() {
            return Ok(());
        }
        let written = self.database.write(|tx| async {
            let all = returns::apply(&tx, returns).await?;
            Ok((tx, all))
        });
        match written.await? {
            true => Ok(()),
            false => Err(returns::too_many()),
        }
    }

    async fn stale_holds(&self, age: Duration, limit: usize) -> Result<Vec<Hold>, StoreError> {
        bounded(holds::stale(self.database.reader(), age, limit)).await
    }

    async fn close(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
    ) -> Result<ClosingState, StoreError> {
        let written = self.database.write(|tx| async {
            let state = closing::close(&tx, event, token, expected).await?;
            Ok((tx, state))
        });
        Ok(written.await?)
    }

    async fn closing_state(
        &self,
        event: EventId,
        token: ClosingToken,
    ) -> Result<ClosingState, StoreError> {
        bounded(closing::state(self.database.reader(), event, token)).await
    }

    async fn reopen(&self, event: EventId, token: ClosingToken) -> Result<(), StoreError> {
        let written = self.database.write(|tx| async {
            closing::reopen(&tx, event, token).await?;
            Ok((tx, ()))
        });
        Ok(written.await?)
    }

    async fn delete_closed<'a>(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
        key: Option<&'a KeyClaim>,
    ) -> Result<DeleteOutcome, StoreError> {
        let written = self.database.write(|tx| async {
            let deleted = closing::delete(&tx, event, token, expected, key).await?;
            Ok((tx, deleted))
        });
        Ok(written.await?)
    }

    async fn stale_closings(
        &self,
        age: Duration,
        limit: usize,
    ) -> Result<Vec<StaleClosing>, StoreError> {
        bounded(closing::stale(self.database.reader(), age, limit)).await
    }
}
