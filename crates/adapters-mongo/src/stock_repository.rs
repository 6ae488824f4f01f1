//! [`StockRepository`] in MongoDB.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::error::StoreError;
use domain::event::{EventId, ExpectedRevision};
use domain::idempotency::KeyClaim;
use domain::stock::{
    ClosingState, ClosingToken, DeleteOutcome, Hold, HoldRef, ReserveError, ReserveOutcome,
    StaleClosing, StockBatch, StockRepository, StockReturn,
};

use crate::connection::MongoDatabase;
use crate::stock::reserve::Sharing;
use crate::stock::{closing, holds, reserve, returns, stale};

/// [`StockRepository`] in MongoDB: the stock is part of the event's document.
#[derive(Clone, Debug)]
pub struct MongoStockRepository {
    database: MongoDatabase,
    sharing: Arc<Sharing>,
}

impl MongoStockRepository {
    /// The stock in `database`.
    pub fn new(database: MongoDatabase) -> Self {
        Self {
            database,
            sharing: Arc::default(),
        }
    }
}

#[async_trait]
impl StockRepository for MongoStockRepository {
    async fn reserve(&self, batch: &StockBatch) -> Result<Vec<ReserveOutcome>, ReserveError> {
        reserve::reserve(&self.database, &self.sharing, batch).await
    }

    async fn settle(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        Ok(holds::settle(&self.database, holds).await?)
    }

    async fn release(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        Ok(holds::release(&self.database, holds).await?)
    }

    async fn apply_returns(&self, returns: &[StockReturn]) -> Result<(), StoreError> {
        Ok(returns::apply(&self.database, returns).await?)
    }

    async fn stale_holds(&self, age: Duration, limit: usize) -> Result<Vec<Hold>, StoreError> {
        Ok(stale::holds(&self.database, age, limit).await?)
    }

    async fn close(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
    ) -> Result<ClosingState, StoreError> {
        Ok(closing::close(&self.database, event, token, expected).await?)
    }

    async fn closing_state(
        &self,
        event: EventId,
        token: ClosingToken,
    ) -> Result<ClosingState, StoreError> {
        Ok(closing::state(&self.database, event, token).await?)
    }

    async fn reopen(&self, event: EventId, token: ClosingToken) -> Result<(), StoreError> {
        Ok(closing::reopen(&self.database, event, token).await?)
    }

    async fn delete_closed<'a>(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
        key: Option<&'a KeyClaim>,
    ) -> Result<DeleteOutcome, StoreError> {
        Ok(closing::delete(&self.database, event, token, expected, key).await?)
    }

    async fn stale_closings(
        &self,
        age: Duration,
        limit: usize,
    ) -> Result<Vec<StaleClosing>, StoreError> {
        Ok(stale::closings(&self.database, age, limit).await?)
    }
}
