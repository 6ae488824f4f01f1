//! Reserving: each event of a group is updated once, and what became of its wishes is told by the event as
//! it then is.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{HoldRef, ReserveError, ReserveOutcome, StockBatch};
use mongodb::bson::{Document, RawDocumentBuf, rawdoc};
use tokio::time::Instant;

use super::wishes::Wishes;
use super::{holds, outcomes, several};
use crate::connection::{CALL_LIMIT, MongoDatabase, bounded};
use crate::error::MongoError;
use crate::event_document::object_id;
use crate::update_command::{Sending, modify_once, send_once, statement};

type Events<'a> = BTreeMap<EventId, Wishes<'a>>;

/// For how long no statement is shared after one was refused for an event that cannot be updated: somebody
/// else's work, and what stood behind it in a shared statement was not updated either.
const APART_FOR: Duration = Duration::from_secs(60);

/// Whether events share statements.
#[derive(Debug, Default)]
pub(crate) struct Sharing(Mutex<Option<Instant>>);

impl Sharing {
    fn is_off(&self) -> bool {
        self.until().is_some_and(|until| Instant::now() < until)
    }

    fn turn_off(&self) {
        *self.until() = Some(Instant::now() + APART_FOR);
    }

    fn until(&self) -> MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a batch and says what became of it.
pub(crate) async fn reserve(
    database: &MongoDatabase,
    sharing: &Sharing,
    batch: &StockBatch,
) -> Result<Vec<ReserveOutcome>, ReserveError> {
    let events = events(batch);
    let deadline = Instant::now() + CALL_LIMIT;
    let found = match events.first_key_value() {
        None => Vec::new(),
        Some((event, wishes)) if events.len() == 1 => {
            in_one(database, *event, wishes, deadline).await?
        }
        Some(_) => in_several(database, sharing, &events, batch, deadline).await?,
    };
    outcomes::of(&found, &batch.reserve).map_err(unread)
}

/// What each event is asked for.
fn events(batch: &StockBatch) -> Events<'_> {
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

/// One round trip: the update of a single document can answer with the document that it left.
async fn in_one(
    database: &MongoDatabase,
    event: EventId,
    wishes: &Wishes<'_>,
    deadline: Instant,
) -> Result<Vec<Document>, ReserveError> {
    let filter = rawdoc! { "_id": object_id(event) };
    let fields = outcomes::projection_of_update(wishes);
    let found = modify_once(database, filter, wishes.pipeline(), fields, deadline).await?;
    Ok(found.into_iter().collect())
}

/// Two round trips: an `update`, then a `find`.
async fn in_several(
    database: &MongoDatabase,
    sharing: &Sharing,
    events: &Events<'_>,
    batch: &StockBatch,
    deadline: Instant,
) -> Result<Vec<Document>, ReserveError> {
    let StockBatch {
        settle,
        reserve: wishes,
    } = batch;
    // The find must not see less than the update.
    let mut session = database
        .causal_session()
        .await
        .map_err(|e| ReserveError::NotExecuted(StoreError::from(e)))?;
    let shared = match sharing.is_off() {
        true => None,
        false => several::statements(events),
    };
    let is_shared = shared.is_some();
    let statements = shared.unwrap_or_else(|| one_for_each(events));
    let refused = send_once(database, &mut session, statements, deadline).await?;
    if is_shared && !refused.is_empty() {
        tracing::error!(
            code = refused[0],
            "an event cannot be updated; its neighbours are now by themselves"
        );
        sharing.turn_off();
        settle_apart(database, settle);
    }
    if wishes.is_empty() {
        return Ok(Vec::new());
    }
    // Whom a refused statement did not update (whatever interrupts one fails the whole command), the find
    // shows like anybody who is refused, or as one whom nothing refuses: that one is asked to come again.
    let left = deadline.saturating_duration_since(Instant::now());
    let read = bounded(left, outcomes::read(database, &mut session, wishes));
    read.await.map_err(unread)
}

/// Settles what the refused statement left: these have been forgotten by who sent them along.
fn settle_apart(database: &MongoDatabase, settle: &[HoldRef]) {
    let (on, settle) = (database.clone(), settle.to_vec());
    database.runtime().spawn(async move {
        // What cannot be settled now is found by recovery.
        let _ = holds::settle(&on, &settle).await;
    });
}

/// A statement for each event.
fn one_for_each(events: &Events<'_>) -> Vec<RawDocumentBuf> {
    let events = events.iter();
    events
        .map(|(id, wishes)| statement(rawdoc! { "_id": object_id(*id) }, wishes.pipeline()))
        .collect()
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
