//! Closing an event for reservations, and deleting it.

use std::time::Duration;

use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{ClosingState, ClosingToken, StaleClosing};
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::holds::{count, millis};
use crate::event_row::event_id;
use crate::sql::{column, execute, now, parsed, row, rows};

/// Closes the event unless it is closed already.
pub(crate) async fn close(
    on: &impl ConnectionTrait,
    event: EventId,
    token: ClosingToken,
) -> Result<ClosingState, StoreError> {
    let sql = concat!(
        "UPDATE events SET closing_token = ?2, closing_at = ",
        now!(),
        " WHERE id = ?1 AND closing_token IS NULL"
    );
    execute(on, sql, named(event, token)).await?;
    state(on, event, token).await
}

/// What the event looks like to the try `token`.
pub(crate) async fn state(
    on: &impl ConnectionTrait,
    event: EventId,
    token: ClosingToken,
) -> Result<ClosingState, StoreError> {
    let sql = "SELECT COALESCE(closing_token = ?2, 0) AS mine, \
               EXISTS (SELECT 1 FROM holds WHERE event_id = ?1) AS held \
               FROM events WHERE id = ?1";
    let Some(found) = row(on, sql, named(event, token)).await? else {
        return Ok(ClosingState::Gone);
    };
    Ok(match (column(&found, "mine")?, column(&found, "held")?) {
        (false, _) => ClosingState::NotMine,
        (true, true) => ClosingState::Holds,
        (true, false) => ClosingState::Clear,
    })
}

/// Opens the event if it is closed by `token`.
pub(crate) async fn reopen(
    on: &impl ConnectionTrait,
    event: EventId,
    token: ClosingToken,
) -> Result<(), StoreError> {
    let sql = "UPDATE events SET closing_token = NULL, closing_at = NULL \
               WHERE id = ?1 AND closing_token = ?2";
    execute(on, sql, named(event, token)).await.map(drop)
}

/// Deletes the event if it is closed by `token` and nothing of it is held; its stock goes with it.
pub(crate) async fn delete(
    on: &impl ConnectionTrait,
    event: EventId,
    token: ClosingToken,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM events WHERE id = ?1 AND closing_token = ?2 \
               AND NOT EXISTS (SELECT 1 FROM holds WHERE event_id = ?1)";
    Ok(execute(on, sql, named(event, token)).await? > 0)
}

/// Closings that are at least `age` old by SQLite's clock, the oldest first.
pub(crate) async fn stale(
    on: &impl ConnectionTrait,
    age: Duration,
    limit: usize,
) -> Result<Vec<StaleClosing>, StoreError> {
    let sql = concat!(
        "SELECT id, closing_token FROM events WHERE closing_at <= ",
        now!(),
        " - ? ORDER BY closing_at LIMIT ?"
    );
    let found = rows(on, sql, [millis(age), count(limit)]).await?;
    found.iter().map(stale_closing).collect()
}

fn stale_closing(row: &QueryResult) -> Result<StaleClosing, StoreError> {
    Ok(StaleClosing {
        event_id: event_id(row, "id")?,
        token: parsed(row, "closing_token", |token: String| {
            ClosingToken::parse(&token)
        })?,
    })
}

fn named(event: EventId, token: ClosingToken) -> [Value; 2] {
    [event.to_string().into(), token.to_string().into()]
}
