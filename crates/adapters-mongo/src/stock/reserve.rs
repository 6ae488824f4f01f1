//! Reserving: each event of a group gets one update, and what became of its wishes is told by the event
//! as it then is.

use std::collections::BTreeMap;

use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{ReserveError, ReserveOutcome, StockBatch};
use mongodb::bson::rawdoc;
use tokio::time::Instant;

use super::outcomes;
use super::wishes::Wishes;
use crate::connection::{CALL_LIMIT, MongoDatabase, bounded};
use crate::error::MongoError;
use crate::event_document::object_id;
use crate::update_command::{Sending, modify_once, send_once, statement};

type Events<'a> = BTreeMap<EventId, Wishes<'a>>;

/// Sends a batch and says what became of it.
pub(crate) async fn reserve(
    database: &MongoDatabase,
    batch: &StockBatch,
) -> Result<Vec<ReserveOutcome>, ReserveError> {
    let events = by_event(batch);
    let deadline = Instant::now() + CALL_LIMIT;
    match events.len() {
        0 => Ok(Vec::new()),
        1 => in_one(database, events, batch, deadline).await,
        _ => in_several(database, events, batch, deadline).await,
    }
}

fn by_event(batch: &StockBatch) -> Events<'_> {
    let mut events = Events::new();
    for hold in &batch.settle {
        let settle = &mut events.entry(hold.event_id).or_default().settle;
        settle.push(hold.reservation_id.to_string());
    }
    for wish in &batch.reserve {
        events.entry(wish.event_id).or_default().reserve.push(wish);
    }
    events
}

/// One round trip: a single document's update can answer with the document that it left.
async fn in_one(
    database: &MongoDatabase,
    events: Events<'_>,
    batch: &StockBatch,
    deadline: Instant,
) -> Result<Vec<ReserveOutcome>, ReserveError> {
    let mut found = None;
    for (id, wishes) in events {
        let filter = rawdoc! { "_id": object_id(id) };
        let fields = outcomes::projection(&batch.reserve);
        let sending = modify_once(database, filter, wishes.pipeline(), fields, deadline);
        found = sending.await?;
    }
    outcomes::of(found.as_slice(), &batch.reserve).map_err(unread)
}

/// Two round trips: an `update` with a statement per event, then a `find`.
async fn in_several(
    database: &MongoDatabase,
    events: Events<'_>,
    batch: &StockBatch,
    deadline: Instant,
) -> Result<Vec<ReserveOutcome>, ReserveError> {
    let started = bounded(CALL_LIMIT, async {
        // The find must not see less than the update: it waits until the majority that it reads from has
        // what this session wrote.
        Ok(database
            .client()
            .start_session()
            .causal_consistency(true)
            .await?)
    });
    let mut session = started
        .await
        .map_err(|e| ReserveError::NotExecuted(StoreError::from(e)))?;
    let statements = events
        .into_iter()
        .map(|(id, wishes)| statement(rawdoc! { "_id": object_id(id) }, wishes.pipeline()));
    // A statement that the server refused did not take effect; the find shows that like any refusal.
    send_once(database, &mut session, statements.collect(), deadline).await?;
    if batch.reserve.is_empty() {
        return Ok(Vec::new());
    }
    let left = deadline.saturating_duration_since(Instant::now());
    let read = bounded(left, outcomes::read(database, &mut session, &batch.reserve));
    outcomes::of(&read.await.map_err(unread)?, &batch.reserve).map_err(unread)
}

impl From<Sending> for ReserveError {
    fn from(sending: Sending) -> Self {
        match sending {
            Sending::NotExecuted(error) => Self::NotExecuted(error.into()),
            Sending::Unknown(error) => Self::Unknown(error.into()),
        }
    }
}

/// After the update was sent, whatever goes wrong, holds may be there.
fn unread(error: MongoError) -> ReserveError {
    ReserveError::Unknown(error.into())
}
