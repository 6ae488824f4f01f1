//! Reserving: each event of a group gets one update, and what became of its wishes is told by the event
//! as it then is.

use std::collections::{BTreeMap, BTreeSet};

use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{Refusal, Reservation, ReserveError, ReserveOutcome, StockBatch};
use mongodb::bson::{Document, RawDocumentBuf, rawdoc};
use tokio::time::Instant;

use super::outcomes;
use super::wishes::Wishes;
use crate::connection::{CALL_LIMIT, MongoDatabase, bounded};
use crate::error::MongoError;
use crate::event_document::object_id;
use crate::update_command::{Sending, modify_once, send_once, statement};

type Events<'a> = BTreeMap<EventId, Wishes<'a>>;
type Pipeline = Vec<RawDocumentBuf>;

const MOVED: ReserveOutcome = ReserveOutcome::Refused(Refusal::Moved);

/// Sends a batch and says what became of it.
pub(crate) async fn reserve(
    database: &MongoDatabase,
    batch: &StockBatch,
) -> Result<Vec<ReserveOutcome>, ReserveError> {
    let deadline = Instant::now() + CALL_LIMIT;
    let wishes: Vec<&Reservation> = batch.reserve.iter().collect();
    let mut events = by_event(&wishes);
    for hold in &batch.settle {
        let settle = &mut events.entry(hold.event_id).or_default().settle;
        settle.push(hold.reservation_id.to_string());
    }
    let pipelines = events.iter().map(|(id, event)| (*id, event.all_or_none()));
    let mut outcomes = send(database, pipelines.collect(), &wishes, deadline).await?;
    let again = undecided(&events, &wishes, &outcomes);
    if again.is_empty() {
        return Ok(outcomes);
    }
    // The majority has the first update and the event shows that it took nothing for these ids: they may
    // go out once more. Whatever fails now, the first update may have left holds for others.
    let rest: Vec<&Reservation> = again.iter().map(|index| wishes[*index]).collect();
    let events = by_event(&rest);
    let pipelines = events.iter().map(|(id, event)| (*id, event.one_by_one()));
    let sending = send(database, pipelines.collect(), &rest, deadline).await;
    let decided = sending.map_err(|error| match error {
        ReserveError::NotExecuted(error) | ReserveError::Unknown(error) => {
            ReserveError::Unknown(error)
        }
    })?;
    for (index, outcome) in again.into_iter().zip(decided) {
        outcomes[index] = outcome;
    }
    Ok(outcomes)
}

fn by_event<'a>(wishes: &[&'a Reservation]) -> Events<'a> {
    let mut events = Events::new();
    for wish in wishes {
        events.entry(wish.event_id).or_default().reserve.push(wish);
    }
    events
}

/// The wishes for events that could not grant all of several, and that refuse some of them for no reason
/// of its own.
fn undecided(
    events: &Events<'_>,
    wishes: &[&Reservation],
    outcomes: &[ReserveOutcome],
) -> Vec<usize> {
    let moved = wishes.iter().zip(outcomes).filter(|(wish, outcome)| {
        let is_one_of_several = |event: &Wishes<'_>| event.reserve.len() > 1;
        **outcome == MOVED && events.get(&wish.event_id).is_some_and(is_one_of_several)
    });
    let moved: BTreeSet<EventId> = moved.map(|(wish, _)| wish.event_id).collect();
    let indices = wishes.iter().enumerate();
    indices
        .filter_map(|(index, wish)| moved.contains(&wish.event_id).then_some(index))
        .collect()
}

/// Sends the pipelines, each to its event, and says what became of `wishes`.
async fn send(
    database: &MongoDatabase,
    mut pipelines: Vec<(EventId, Pipeline)>,
    wishes: &[&Reservation],
    deadline: Instant,
) -> Result<Vec<ReserveOutcome>, ReserveError> {
    let found = match pipelines.len() {
        0 => Vec::new(),
        1 => {
            let (event, pipeline) = pipelines.swap_remove(0);
            in_one(database, event, pipeline, wishes, deadline).await?
        }
        _ => in_several(database, pipelines, wishes, deadline).await?,
    };
    outcomes::of(&found, wishes).map_err(unread)
}

/// One round trip: the update of a single document can answer with the document that it left.
async fn in_one(
    database: &MongoDatabase,
    event: EventId,
    pipeline: Pipeline,
    wishes: &[&Reservation],
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
    wishes: &[&Reservation],
    deadline: Instant,
) -> Result<Vec<Document>, ReserveError> {
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
    let statements = pipelines
        .into_iter()
        .map(|(id, pipeline)| statement(rawdoc! { "_id": object_id(id) }, pipeline));
    // A statement that the server refused did not take effect; the find shows that like any refusal.
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
