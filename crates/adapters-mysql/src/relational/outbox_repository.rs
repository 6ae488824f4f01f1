//! The outbox.

use std::collections::BTreeSet;

use async_trait::async_trait;
use domain::booking::{OutboxId, OutboxRepository, OutboxRow, PendingWork};
use domain::error::StoreError;
use domain::stock::StockReturn;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use super::barrier::{DurableRead, durable};
use super::convert::{counter, event_id, ticket_type};
use super::entity::{outbox, stock_returns};
use super::outbox_rows::records;
use super::statement_size::padded;
use super::store::SqlStore;

/// [`OutboxRepository`] on a SQL store.
#[derive(Debug, Clone)]
pub struct SqlOutboxRepository {
    store: SqlStore,
}

impl SqlOutboxRepository {
    /// On `store`.
    pub fn new(store: SqlStore) -> Self {
        Self { store }
    }
}

/// The oldest rows, and then the counters of what they are about. In this order: a counter that was
/// read before its row could lack what the row stands for, and the row would be taken away with it.
struct Oldest {
    after: OutboxId,
    limit: u64,
}

impl DurableRead for Oldest {
    type Found = (Vec<outbox::Model>, Vec<stock_returns::Model>);

    async fn read(&self, on: &DatabaseTransaction) -> Result<(Self::Found, bool), DbErr> {
        let rows = outbox::Entity::find()
            .filter(outbox::Column::Id.gt(self.after.0))
            .order_by_asc(outbox::Column::Id)
            .limit(self.limit)
            .all(on)
            .await?;
        if rows.is_empty() {
            return Ok(((rows, Vec::new()), false));
        }
        let touched: BTreeSet<_> = rows
            .iter()
            .map(|row| (&row.event_id, &row.ticket_type))
            .collect();
        let counters = counters(on, touched).await?;
        Ok(((rows, counters), true))
    }
}

/// The counters of the given events and types, as far as there are any.
pub(super) async fn counters(
    on: &DatabaseTransaction,
    keys: BTreeSet<(&String, &String)>,
) -> Result<Vec<stock_returns::Model>, DbErr> {
    let one = |(event, kind): (&String, &String)| {
        stock_returns::Column::EventId
            .eq(event.as_str())
            .and(stock_returns::Column::TicketType.eq(kind.as_str()))
    };
    let any = padded(keys.into_iter().map(one).collect())
        .into_iter()
        .fold(Condition::any(), Condition::add);
    stock_returns::Entity::find().filter(any).all(on).await
}

/// A counter's row as the domain knows it.
pub(super) fn stock_return(
    store: &SqlStore,
    row: &stock_returns::Model,
) -> Result<StockReturn, StoreError> {
    Ok(StockReturn {
        event_id: event_id(store, &row.event_id)?,
        ticket_type: ticket_type(store, &row.ticket_type)?,
        returned: counter(store, row.returned)?,
    })
}

#[async_trait]
impl OutboxRepository for SqlOutboxRepository {
    async fn pending(&self, after: OutboxId, limit: u64) -> Result<PendingWork, StoreError> {
        let (rows, counters) = durable(&self.store, &Oldest { after, limit }).await?;
        let row = |row: outbox::Model| OutboxRow {
            id: OutboxId(row.id),
            records: records(&row.payload),
        };
        Ok(PendingWork {
            rows: rows.into_iter().map(row).collect(),
            returns: counters
                .iter()
                .map(|row| stock_return(&self.store, row))
                .collect::<Result<_, StoreError>>()?,
        })
    }

    async fn forget(&self, rows: &[OutboxId]) -> Result<(), StoreError> {
        if rows.is_empty() {
            return Ok(());
        }
        let ids = padded(rows.iter().map(|row| row.0).collect());
        let delete = outbox::Entity::delete_many().filter(outbox::Column::Id.is_in(ids));
        self.store
            .read(delete.exec(self.store.writer()))
            .await
            .map(drop)
    }
}
