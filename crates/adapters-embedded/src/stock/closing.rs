//! Closing an event for reservations, and deleting it.

use std::time::Duration;

use domain::error::StoreError;
use domain::event::{EventId, ExpectedRevision};
use domain::idempotency::KeyClaim;
use domain::stock::{ClosingState, ClosingToken, DeleteOutcome, StaleClosing};
use sea_orm::{ConnectionTrait, QueryResult, Value};

use super::holds::{count, millis};
use crate::event_keys;
use crate::event_repository::find;
use crate::event_row::{event_id, revision};
use crate::sql::{column, execute, now, parsed, row, rows};

/// Closes the event of an expected revision unless it is closed already.
pub(crate) async fn close(
    on: &impl ConnectionTrait,
    event: EventId,
    token: ClosingToken,
    revisions: &ExpectedRevision,
) -> Result<ClosingState, StoreError> {
    let found = row(
        on,
        "SELECT revision FROM events WHERE id = ?",
        [event.to_string().into()],
    );
    // Nothing comes between the look and the change: the write lock is held.
    if let Some(found) = found.await?
        && !revisions.includes(revision(&found)?)
    {
        return Ok(ClosingState::Outdated);
    }
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

/// Deletes the event of an expected revision if it is closed by `token` and nothing of it is held; its
/// stock goes with it. Nothing comes between the looks and the deletion: the write lock is held.
pub(crate) async fn delete(
    on: &impl ConnectionTrait,
    event: EventId,
    token: ClosingToken,
    revisions: &ExpectedRevision,
    key: Option<&KeyClaim>,
) -> Result<DeleteOutcome, StoreError> {
    if event_keys::is_taken(on, key).await? {
        return Ok(DeleteOutcome::KeyTaken);
    }
    if state(on, event, token).await? != ClosingState::Clear {
        return Ok(DeleteOutcome::Refused);
    }
    let Some(before) = find(on, event).await? else {
        return Ok(DeleteOutcome::Refused);
    };
    if !revisions.includes(before.version.revision) {
        return Ok(DeleteOutcome::Outdated);
    }
    event_keys::remember(on, key, None).await?;
    let sql = "DELETE FROM events WHERE id = ?";
    execute(on, sql, [event.to_string().into()]).await?;
    Ok(DeleteOutcome::Deleted(Box::new(before)))
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
