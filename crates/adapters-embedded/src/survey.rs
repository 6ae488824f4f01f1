//! Looking at the stock of all events, and correcting it.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{ClosingToken, ReservationId};
use domain::verify::{
    ClosedBy, CorrectStock, EventStock, HeldTickets, StockRepair, StockSurvey, Surveyed, TypeStock,
};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;

use crate::database::{Database, bounded};
use crate::event_row::event_id;
use crate::sql::{column, execute, list, now, parsed, rows, unreadable};
use crate::stock::holds::{count, ticket_type};

/// [`StockSurvey`] and [`StockRepair`] in SQLite.
#[derive(Debug, Clone)]
pub struct SqliteStockSurvey {
    database: Database,
}

impl SqliteStockSurvey {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl StockSurvey for SqliteStockSurvey {
    async fn ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        let sql = "SELECT id FROM events WHERE id > ? ORDER BY id LIMIT ?";
        let after = after.map(|event| event.to_string()).unwrap_or_default();
        let found = bounded(rows(
            self.database.reader(),
            sql,
            [after.into(), count(limit)],
        ))
        .await?;
        found.iter().map(|row| event_id(row, "id")).collect()
    }

    async fn stocks(&self, events: &[EventId]) -> Result<Vec<Surveyed>, StoreError> {
        bounded(stocks(self.database.reader(), events)).await
    }

    async fn versions(&self, events: &[EventId]) -> Result<Vec<(EventId, u64)>, StoreError> {
        let sql = "SELECT event_id, SUM(sv) AS version FROM event_stock \
                   WHERE event_id IN (SELECT value FROM json_each(?)) GROUP BY event_id";
        let found = bounded(rows(self.database.reader(), sql, [names(events)])).await?;
        let version = |row: &QueryResult| {
            let version = parsed(row, "version", |n: i64| u64::try_from(n).ok())?;
            Ok((event_id(row, "event_id")?, version))
        };
        found.iter().map(version).collect()
    }
}

#[async_trait]
impl StockRepair for SqliteStockSurvey {
    async fn correct(
        &self,
        event: EventId,
        token: ClosingToken,
        version: u64,
        types: &[CorrectStock],
    ) -> Result<(), StoreError> {
        let written = self.database.write(|tx| async {
            if is_as_expected(&tx, event, token, version).await? {
                set(&tx, event, types).await?;
            }
            Ok((tx, ()))
        });
        Ok(written.await?)
    }
}

fn names(events: &[EventId]) -> Value {
    list(events.iter().map(|event| event.to_string().into()))
}

/// The stock with its counters comes first: whatever moves it before the holds are read moves a counter
/// too.
async fn stocks(
    on: &impl ConnectionTrait,
    events: &[EventId],
) -> Result<Vec<Surveyed>, StoreError> {
    let sql = concat!(
        "SELECT s.event_id, s.ticket_type, s.total, s.available, s.returned, s.sv, \
         e.closing_token, ",
        now!(),
        " - e.closing_at AS age FROM json_each(?) AS w CROSS JOIN events AS e ON e.id = w.value \
         CROSS JOIN event_stock AS s ON s.event_id = e.id"
    );
    let mut found: BTreeMap<EventId, EventStock> = BTreeMap::new();
    for row in rows(on, sql, [names(events)]).await? {
        let event_id = event_id(&row, "event_id")?;
        let closing = closed_by(&row)?;
        let stock = found.entry(event_id).or_insert_with(|| EventStock {
            event_id,
            version: 0,
            types: BTreeMap::new(),
            holds: Vec::new(),
            closing,
        });
        stock.version += parsed(&row, "sv", |n: i64| u64::try_from(n).ok())?;
        let numbers = TypeStock {
            total: column(&row, "total")?,
            available: column(&row, "available")?,
            returned: column(&row, "returned")?,
        };
        stock.types.insert(ticket_type(&row)?, numbers);
    }
    let sql = concat!(
        "SELECT event_id, reservation_id, ticket_type, CAST(quantity AS BIGINT) AS quantity, ",
        now!(),
        " - at AS age FROM holds WHERE event_id IN (SELECT value FROM json_each(?))"
    );
    for row in rows(on, sql, [names(events)]).await? {
        if let Some(stock) = found.get_mut(&event_id(&row, "event_id")?) {
            stock.holds.push(held(&row)?);
        }
    }
    Ok(found.into_values().map(Surveyed::Stock).collect())
}

fn closed_by(row: &QueryResult) -> Result<Option<ClosedBy>, StoreError> {
    let Some(token) = column::<Option<String>>(row, "closing_token")? else {
        return Ok(None);
    };
    Ok(Some(ClosedBy {
        token: ClosingToken::parse(&token).ok_or_else(|| unreadable("closing_token"))?,
        age: age(row)?,
    }))
}

fn held(row: &QueryResult) -> Result<HeldTickets, StoreError> {
    Ok(HeldTickets {
        reservation_id: parsed(row, "reservation_id", |id: String| {
            ReservationId::parse(&id)
        })?,
        ticket_type: ticket_type(row)?,
        quantity: column(row, "quantity")?,
        age: age(row)?,
    })
}

fn age(row: &QueryResult) -> Result<Duration, StoreError> {
    let millis: i64 = column(row, "age")?;
    Ok(Duration::from_millis(
        u64::try_from(millis).unwrap_or_default(),
    ))
}

async fn is_as_expected(
    on: &impl ConnectionTrait,
    event: EventId,
    token: ClosingToken,
    version: u64,
) -> Result<bool, StoreError> {
    let sql = "SELECT 1 AS same FROM events AS e WHERE e.id = ?1 AND e.closing_token = ?2 \
               AND (SELECT SUM(s.sv) FROM event_stock AS s WHERE s.event_id = e.id) = ?3";
    let values: [Value; 3] = [
        event.to_string().into(),
        token.to_string().into(),
        i64::try_from(version).unwrap_or(i64::MAX).into(),
    ];
    Ok(!rows(on, sql, values).await?.is_empty())
}

async fn set(
    on: &impl ConnectionTrait,
    event: EventId,
    types: &[CorrectStock],
) -> Result<(), StoreError> {
    let sql = "UPDATE event_stock SET available = w.value->>1, returned = w.value->>2, sv = sv + 1 \
               FROM json_each(?2) AS w WHERE event_id = ?1 AND ticket_type = w.value->>0";
    let correct = types.iter().map(|correct| {
        json!([
            correct.ticket_type.as_str(),
            correct.available,
            correct.returned
        ])
    });
    execute(on, sql, [event.to_string().into(), list(correct)])
        .await
        .map(drop)
}
