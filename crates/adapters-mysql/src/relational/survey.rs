//! Looking at all bookings at one moment.

use std::collections::HashSet;
use std::future::Future;
use std::time::Duration;

use async_trait::async_trait;
use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::ReservationId;
use domain::verify::{BookingSnapshot, BookingSurvey, TicketCount};
use sea_orm::sea_query::{Expr, ExprTrait, Func};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, FromQueryResult, IsolationLevel,
    QueryFilter, QueryOrder, QuerySelect, SqliteTransactionMode, TransactionOptions,
    TransactionTrait,
};
use tokio::time::timeout;

use super::barrier::mark;
use super::convert::{CONFIRMED, VOID, event_id, ticket_type};
use super::entity::{bookings, recovery_marks, stock_returns};
use super::statement_size::padded;
use super::store::SqlStore;

/// The longest that a statement takes: an event may have a million bookings to add up.
const STATEMENT_LIMIT: Duration = Duration::from_secs(60);

/// [`BookingSurvey`] on a SQL store.
#[derive(Debug, Clone)]
pub struct SqlBookingSurvey {
    store: SqlStore,
}

impl SqlBookingSurvey {
    /// On `store`.
    pub fn new(store: SqlStore) -> Self {
        Self { store }
    }
}

/// A transaction that sees what was committed before it began.
struct SqlSnapshot {
    store: SqlStore,
    transaction: DatabaseTransaction,
}

#[derive(FromQueryResult)]
struct Count {
    event_id: String,
    ticket_type: String,
    tickets: i64,
}

/// A transaction that reads again and again what it read first, and takes no lock: in InnoDB by its
/// isolation, in SQLite by being one that does not write.
fn frozen() -> TransactionOptions {
    TransactionOptions {
        isolation_level: Some(IsolationLevel::RepeatableRead),
        sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
        ..TransactionOptions::default()
    }
}

#[async_trait]
impl BookingSurvey for SqlBookingSurvey {
    async fn snapshot(&self) -> Result<Box<dyn BookingSnapshot>, StoreError> {
        let store = self.store.clone();
        let transaction = bounded(&store, async {
            let transaction = store.reader().begin_with_options(frozen()).await?;
            // Both kinds of store take their picture with the first read of a table, whatever it finds.
            // (`WITH CONSISTENT SNAPSHOT` does the same read inside of MySQL.)
            recovery_marks::Entity::find()
                .limit(1)
                .one(&transaction)
                .await?;
            Ok(transaction)
        })
        .await?;
        Ok(Box::new(SqlSnapshot { store, transaction }))
    }

    async fn booked_events(
        &self,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<EventId>, StoreError> {
        use bookings::Column;
        let after = after.map(|event| event.to_string()).unwrap_or_default();
        let named = bookings::Entity::find()
            .select_only()
            .column(Column::EventId)
            .distinct()
            .filter(Column::EventId.gt(after))
            .filter(Column::Status.ne(VOID))
            .order_by_asc(Column::EventId)
            .limit(u64::try_from(limit).unwrap_or(u64::MAX))
            .into_tuple::<String>();
        let named = bounded(&self.store, named.all(self.store.reader())).await?;
        named.iter().map(|id| event_id(&self.store, id)).collect()
    }
}

#[async_trait]
impl BookingSnapshot for SqlSnapshot {
    async fn confirmed(&self, events: &[EventId]) -> Result<Vec<TicketCount>, StoreError> {
        use bookings::Column;
        // MySQL sums integers into decimals.
        let sum = Func::cast_as(Expr::col(Column::Quantity).sum(), "SIGNED");
        let sums = bookings::Entity::find()
            .select_only()
            .column(Column::EventId)
            .column(Column::TicketType)
            .expr_as(sum, "tickets")
            .filter(Column::EventId.is_in(names(events)))
            .filter(Column::Status.eq(CONFIRMED))
            .group_by(Column::EventId)
            .group_by(Column::TicketType);
        self.counts(sums.into_model().all(&self.transaction)).await
    }

    async fn returned(&self, events: &[EventId]) -> Result<Vec<TicketCount>, StoreError> {
        use stock_returns::Column;
        let counters = stock_returns::Entity::find()
            .select_only()
            .column(Column::EventId)
            .column(Column::TicketType)
            .column_as(Column::Returned, "tickets")
            .filter(Column::EventId.is_in(names(events)));
        self.counts(counters.into_model().all(&self.transaction))
            .await
    }

    async fn booked(&self, ids: &[ReservationId]) -> Result<HashSet<ReservationId>, StoreError> {
        use bookings::Column;
        let names = padded(ids.iter().map(ToString::to_string).collect());
        let booked = bookings::Entity::find()
            .select_only()
            .column(Column::ReservationId)
            .filter(Column::ReservationId.is_in(names))
            .filter(Column::Status.ne(VOID))
            .into_tuple::<String>();
        let booked = bounded(&self.store, booked.all(&self.transaction)).await?;
        let id = |text: &String| {
            ReservationId::parse(text).ok_or_else(|| self.store.corrupt("a row has no reservation"))
        };
        booked.iter().map(id).collect()
    }

    /// The mark is part of the transaction, so that it is written on the same connection after all that
    /// was read. Somebody may have written the same slot since the picture was taken: some servers refuse
    /// that, and the caller tries anew.
    async fn make_durable(self: Box<Self>) -> Result<(), StoreError> {
        let Self { store, transaction } = *self;
        bounded(&store, async {
            if store.dialect().needs_barrier {
                mark(&transaction).await?;
            }
            transaction.commit().await
        })
        .await
    }
}

impl SqlSnapshot {
    async fn counts(
        &self,
        rows: impl Future<Output = Result<Vec<Count>, DbErr>> + Send,
    ) -> Result<Vec<TicketCount>, StoreError> {
        let rows = bounded(&self.store, rows).await?;
        let count = |row: Count| {
            Ok(TicketCount {
                event_id: event_id(&self.store, &row.event_id)?,
                ticket_type: ticket_type(&self.store, &row.ticket_type)?,
                tickets: row.tickets,
            })
        };
        rows.into_iter().map(count).collect()
    }
}

fn names(events: &[EventId]) -> Vec<String> {
    padded(events.iter().map(ToString::to_string).collect())
}

async fn bounded<T>(
    store: &SqlStore,
    query: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, StoreError> {
    match timeout(STATEMENT_LIMIT, query).await {
        Ok(result) => result.map_err(|error| store.error(error)),
        Err(_) => Err(store.silence()),
    }
}
