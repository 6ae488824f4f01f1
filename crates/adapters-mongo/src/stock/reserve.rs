//! Reserving: each event of a group gets one update, and what became of its wishes is told by the event
//! as it then is.

use std::collections::BTreeMap;

use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{Reservation, ReserveError, ReserveOutcome, StockBatch};
use mongodb::bson::{Document, RawDocumentBuf, rawdoc};
use tokio::time::Instant;

use super::outcomes;
use super::wishes::Wishes;
use crate::connection::{CALL_LIMIT, MongoDatabase, bounded};
use crate::error::MongoError;
use crate::event_document::object_id;
use crate::update_command::{Sending, modify_once, send_once, statement};

type Pipeline = Vec<RawDocumentBuf>;

/// Sends a batch and says what became of it.
pub(crate) async fn reserve(
    database: &MongoDatabase,
    batch: &StockBatch,
) -> Result<Vec<ReserveOutcome>, ReserveError> {
    let mut pipelines = pipelines(batch);
    let deadline = Instant::now() + CALL_LIMIT;
    let found = match pipelines.len() {
        0 => Vec::new(),
        1 => {
            let (event, pipeline) = pipelines.swap_remove(0);
            in_one(database, event, pipeline, &batch.reserve, deadline).await?
        }
        _ => in_several(database, pipelines, &batch.reserve, deadline).await?,
    };
    outcomes::of(&found, &batch.reserve).map_err(unread)
}

/// What goes to each event.
fn pipelines(batch: &StockBatch) -> Vec<(EventId, Pipeline)> {
    let mut events: BTreeMap<EventId, Wishes<'_>> = BTreeMap::new();
    for hold in &batch.settle {
        let settle = &mut events.entry(hold.event_id).or_default().settle;
        settle.push(hold.reservation_id.to_string());
    }
    for wish in &batch.reserve {
        events.entry(wish.event_id).or_default().reserve.push(wish);
    }
    let events = events.into_iter();
    events.map(|(id, wishes)| (id, wishes.pipeline())).collect()
}

/// One round trip: the update of a single document can answer with the document that it left.
async fn in_one(
    database: &MongoDatabase,
    event: EventId,
    pipeline: Pipeline,
    wishes: &[Reservation],
    deadline: Instant,
) -> Result<Vec<Document>, ReserveError> {
    let filter = rawdoc! { "_id": object_id(event) };
    let fields = outcomes::projection(wishes);
    let found = modify_once(database, filter, pipeline, fields, deadline).await?;
    Ok(found.into_iter().collect())
}

/// Two round trips: an `update` with a statement per event, then a `find`.
async fn in_several(
    database: &MongoDatabase,
    pipelines: Vec<(EventId, Pipeline)>,
    wishes: &[Reservation],
    deadline: Instant,
) -> Result<Vec<Document>, ReserveError> {
    // The find must not see less than the update.
    let mut session = database
        .causal_session()
        .await
        .map_err(|e| ReserveError::NotExecuted(StoreError::from(e)))?;
    let statements = pipelines
        .into_iter()
        .map(|(id, pipeline)| statement(rawdoc! { "_id": object_id(id) }, pipeline));
    // A statement that the server refused did not take effect (whatever interrupts one fails the whole
    // command); the find shows that like any refusal.
    send_once(database, &mut session, statements.collect(), deadline).await?;
    if wishes.is_empty() {
        return Ok(Vec::new());
    }
    let left = deadline.saturating_duration_since(Instant::now());
    let read = bounded(left, outcomes::read(database, &mut session, wishes));
    read.await.map_err(unread)
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
