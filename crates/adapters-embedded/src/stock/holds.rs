//! Holds: settling, releasing, finding old ones.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::booking::Quantity;
use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{Hold, HoldRef, ReservationId, TicketType};
use sea_orm::{ConnectionTrait, QueryResult, Value};
use serde_json::json;

use crate::error::NAME;
use crate::event_row::event_id;
use crate::sql::{column, execute, list, now, parsed, rows};

/// Takes holds away; the stock stays as it is.
pub(crate) async fn settle(on: &impl ConnectionTrait, holds: &[HoldRef]) -> Result<(), StoreError> {
    if holds.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM holds WHERE (event_id, reservation_id) IN \
               (SELECT h.value->>0, h.value->>1 FROM json_each(?) AS h)";
    execute(on, sql, [refs(holds)]).await.map(drop)
}

/// Takes holds away and gives back the tickets of those that were there, and only of those.
pub(crate) async fn release(
    on: &impl ConnectionTrait,
    holds: &[HoldRef],
) -> Result<(), StoreError> {
    let sql = "DELETE FROM holds WHERE (event_id, reservation_id) IN \
               (SELECT h.value->>0, h.value->>1 FROM json_each(?) AS h) \
               RETURNING event_id, ticket_type, quantity";
    let mut given_back: BTreeMap<(EventId, TicketType), i64> = BTreeMap::new();
    for row in rows(on, sql, [refs(holds)]).await? {
        let from = (event_id(&row, "event_id")?, ticket_type(&row)?);
        *given_back.entry(from).or_default() += column::<i64>(&row, "quantity")?;
    }
    give_back(on, &given_back).await
}

async fn give_back(
    on: &impl ConnectionTrait,
    tickets: &BTreeMap<(EventId, TicketType), i64>,
) -> Result<(), StoreError> {
    if tickets.is_empty() {
        return Ok(());
    }
    let sql = "UPDATE event_stock SET available = available + (w.value->>2), sv = sv + 1 \
               FROM json_each(?) AS w WHERE event_id = w.value->>0 AND ticket_type = w.value->>1";
    let rows = tickets.iter().map(|((event, ticket_type), quantity)| {
        json!([event.to_string(), ticket_type.as_str(), quantity])
    });
    let changed = execute(on, sql, [list(rows)]).await?;
    if usize::try_from(changed) == Ok(tickets.len()) {
        Ok(())
    } else {
        Err(StoreError::unexpected(NAME, "a hold was of no stock"))
    }
}

/// Holds that are at least `age` old by SQLite's clock, the oldest first.
pub(crate) async fn stale(
    on: &impl ConnectionTrait,
    age: Duration,
    limit: usize,
) -> Result<Vec<Hold>, StoreError> {
    let sql = concat!(
        "SELECT event_id, reservation_id, ticket_type, quantity FROM holds \
         WHERE at <= ",
        now!(),
        " - ? ORDER BY at LIMIT ?"
    );
    let found = rows(on, sql, [millis(age), count(limit)]).await?;
    found.iter().map(hold).collect()
}

/// A span as a statement takes it.
pub(crate) fn millis(span: Duration) -> Value {
    i64::try_from(span.as_millis())
        .unwrap_or(i64::MAX / 2)
        .into()
}

/// A number of rows as a statement takes it.
pub(crate) fn count(rows: usize) -> Value {
    i64::try_from(rows).unwrap_or(i64::MAX).into()
}

/// The column `ticket_type`.
pub(crate) fn ticket_type(row: &QueryResult) -> Result<TicketType, StoreError> {
    parsed(row, "ticket_type", |key: String| {
        TicketType::parse(&key).ok()
    })
}

fn hold(row: &QueryResult) -> Result<Hold, StoreError> {
    Ok(Hold {
        at: HoldRef {
            event_id: event_id(row, "event_id")?,
            reservation_id: parsed(row, "reservation_id", |id: String| {
                ReservationId::parse(&id)
            })?,
        },
        ticket_type: ticket_type(row)?,
        quantity: parsed(row, "quantity", |tickets: i64| Quantity::new(tickets).ok())?,
    })
}

fn refs(holds: &[HoldRef]) -> Value {
    list(
        holds
            .iter()
            .map(|hold| json!([hold.event_id.to_string(), hold.reservation_id.to_string()])),
    )
}
