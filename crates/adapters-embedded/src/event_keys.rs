//! Idempotency keys of changes of events, written in the transactions that make the changes.

use domain::error::StoreError;
use domain::event::Event;
use domain::idempotency::{Fingerprint, KEY_LIFE, KeyClaim, Remembered};
use domain::stock::KeyHash;
use sea_orm::{ConnectionTrait, Value};

use crate::sql::{column, execute, parsed, row};

/// What was done under a key.
pub(crate) async fn find(
    on: &impl ConnectionTrait,
    key: &KeyHash,
) -> Result<Option<Remembered>, StoreError> {
    let sql = "SELECT fingerprint, event FROM event_keys WHERE key_hash = ?";
    let Some(row) = row(on, sql, [key.as_str().into()]).await? else {
        return Ok(None);
    };
    let event = parsed(&row, "event", |text: Option<String>| match text {
        Some(text) => Event::from_snapshot(&text).map(Some),
        None => Some(None),
    });
    Ok(Some(Remembered {
        fingerprint: Fingerprint::from_stored(column(&row, "fingerprint")?),
        event: event?,
    }))
}

/// Whether another request has the key.
pub(crate) async fn is_taken(
    on: &impl ConnectionTrait,
    claim: Option<&KeyClaim>,
) -> Result<bool, StoreError> {
    match claim {
        Some(claim) => Ok(find(on, &claim.hash()).await?.is_some()),
        None => Ok(false),
    }
}

/// Remembers a request with the event that it is answered with, and forgets those whose time is over.
pub(crate) async fn remember(
    on: &impl ConnectionTrait,
    claim: Option<&KeyClaim>,
    answer: Option<&Event>,
) -> Result<(), StoreError> {
    let Some(claim) = claim else {
        return Ok(());
    };
    let over = claim.at.minus(KEY_LIFE).millis();
    execute(on, "DELETE FROM event_keys WHERE at < ?", [over.into()]).await?;
    let sql = "INSERT INTO event_keys (key_hash, fingerprint, at, event) VALUES (?, ?, ?, ?)";
    let values: [Value; 4] = [
        claim.hash().as_str().into(),
        claim.used.fingerprint.as_str().into(),
        claim.at.millis().into(),
        answer.map(Event::to_snapshot).into(),
    ];
    execute(on, sql, values).await.map(drop)
}
