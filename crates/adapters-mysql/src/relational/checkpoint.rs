//! The checkpoint beside the bookings.

use async_trait::async_trait;
use domain::checkpoint::{Checkpoint, LeadingCheckpoint};
use domain::error::StoreError;
use domain::time::Timestamp;
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, OnConflict};
use sea_orm::{DatabaseTransaction, DbErr, EntityTrait, Set};
use tokio::time::Instant;

use super::barrier::{DurableRead, durable};
use super::convert::counter;
use super::entity::checkpoint::{ActiveModel, Column, Entity, Model};
use super::store::{CALL_LIMIT, SqlStore};
use super::transaction::Verdict;

/// The bookings' row.
const BOOKINGS: i32 = 1;

/// [`LeadingCheckpoint`] on a SQL store.
#[derive(Debug, Clone)]
pub struct SqlCheckpoint {
    store: SqlStore,
}

impl SqlCheckpoint {
    /// On `store`.
    pub fn new(store: SqlStore) -> Self {
        Self { store }
    }

    fn checkpoint(&self, row: &Model) -> Result<Checkpoint, StoreError> {
        Ok(Checkpoint {
            n: counter(&self.store, row.n)?,
            at: Timestamp::from_millis(row.at),
        })
    }
}

struct Row;

impl DurableRead for Row {
    type Found = Option<Model>;

    async fn read(&self, on: &DatabaseTransaction) -> Result<(Self::Found, bool), DbErr> {
        let row = Entity::find_by_id(BOOKINGS).one(on).await?;
        let seen = row.is_some();
        Ok((row, seen))
    }
}

#[async_trait]
impl LeadingCheckpoint for SqlCheckpoint {
    async fn read(&self) -> Result<Option<Checkpoint>, StoreError> {
        let row = durable(&self.store, &Row).await?;
        row.map(|row| self.checkpoint(&row)).transpose()
    }

    async fn advance(&self, beyond: u64, at: Timestamp) -> Result<Checkpoint, StoreError> {
        let next = i64::try_from(beyond).unwrap_or(i64::MAX).saturating_add(1);
        let transaction = self.store.begin(Instant::now() + CALL_LIMIT).await?;
        let steps = transaction
            .steps(raise(transaction.on(), next, at.millis()))
            .await;
        let row = transaction.end(steps).await?;
        self.checkpoint(&row.ok_or_else(|| self.store.corrupt("a checkpoint is missing"))?)
    }
}

/// Raises the number by one, but at least to `next`; the row stays locked until it was read back.
async fn raise(
    on: &DatabaseTransaction,
    next: i64,
    at: i64,
) -> Result<Verdict<Option<Model>>, DbErr> {
    let first = ActiveModel {
        id: Set(BOOKINGS),
        n: Set(next),
        at: Set(at),
    };
    let n = Expr::col((Entity, Column::N));
    let raised = CaseStatement::new()
        .case(n.clone().gte(next), n.add(1))
        .finally(next);
    let again = OnConflict::column(Column::Id)
        .value(Column::N, raised)
        .value(Column::At, Expr::val(at))
        .to_owned();
    Entity::insert(first)
        .on_conflict(again)
        .exec_without_returning(on)
        .await?;
    let row = Entity::find_by_id(BOOKINGS).one(on).await?;
    Ok(Verdict::Commit(row))
}
