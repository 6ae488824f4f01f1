//! Reserving: one `update` with a statement per event, then one `find` that tells what happened.

use std::collections::{BTreeMap, HashSet};

use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{MAX_HOLDS, Reservation, ReserveError, ReserveOutcome, StockBatch};
use mongodb::bson::{Bson, Document, doc};
use tokio::time::Instant;

use super::outcomes;
use super::pipeline::{STEP, TypeChange, held, holds_among, literal, stock_with, without_step};
use crate::connection::{CALL_LIMIT, MongoDatabase, bounded};
use crate::event_document::object_id;
use crate::update_command::{Sending, send_once, statement};

/// What one event is asked for.
#[derive(Default)]
struct Wishes<'a> {
    settle: Vec<String>,
    reserve: Vec<&'a Reservation>,
}

/// Sends a batch and says what became of it.
pub(crate) async fn reserve(
    database: &MongoDatabase,
    batch: &StockBatch,
) -> Result<Vec<ReserveOutcome>, ReserveError> {
    let statements = statements(batch);
    if statements.is_empty() {
        return Ok(Vec::new());
    }
    let deadline = Instant::now() + CALL_LIMIT;
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
    // A statement that the server refused did not take effect; the find shows that like any refusal.
    send_once(database, &mut session, statements, deadline)
        .await
        .map_err(|sending| match sending {
            Sending::NotExecuted(error) => ReserveError::NotExecuted(error.into()),
            Sending::Unknown(error) => ReserveError::Unknown(error.into()),
        })?;
    if batch.reserve.is_empty() {
        return Ok(Vec::new());
    }
    // Whatever goes wrong from here on, holds may be there.
    let left = deadline.saturating_duration_since(Instant::now());
    let told = bounded(left, outcomes::tell(database, &mut session, &batch.reserve));
    told.await
        .map_err(|error| ReserveError::Unknown(error.into()))
}

fn statements(batch: &StockBatch) -> Vec<Document> {
    let mut events: BTreeMap<EventId, Wishes<'_>> = BTreeMap::new();
    for hold in &batch.settle {
        events
            .entry(hold.event_id)
            .or_default()
            .settle
            .push(hold.reservation_id.to_string());
    }
    for wish in &batch.reserve {
        events.entry(wish.event_id).or_default().reserve.push(wish);
    }
    let events = events.into_iter();
    events
        .map(|(id, wishes)| statement(doc! { "_id": object_id(id) }, wishes.pipeline()))
        .collect()
}

impl Wishes<'_> {
    /// Settles, then decides in order of arrival, then moves what was granted. When nothing is settled
    /// or granted the document comes out as it went in, and nothing is written at all.
    fn pipeline(&self) -> Vec<Document> {
        let types = self.types();
        let prepared = doc! {
            "kept": holds_among(&self.settle, false),
            "open": { "$and": [
                { "$eq": [{ "$type": "$closing" }, "missing"] },
                { "$gt": ["$date", "$$NOW"] },
            ] },
        };
        vec![
            doc! { "$set": { STEP: prepared } },
            // Of thousands of keys those that matter, once and not for each wish.
            doc! { "$set": { "step.keys": {
                "$setIntersection": ["$step.kept.keyHash", literal(self.keys())],
            } } },
            doc! { "$set": { "step.done": self.decide(&types) } },
            doc! { "$set": { "step.holds": {
                "$concatArrays": ["$step.kept", "$step.done.granted"],
            } } },
            doc! { "$set": self.outcome(&types) },
            without_step(),
        ]
    }

    fn keys(&self) -> Vec<&str> {
        let keys = self
            .reserve
            .iter()
            .filter_map(|wish| wish.key_hash.as_ref());
        keys.map(|key| key.as_str()).collect()
    }

    /// The types asked for, each once.
    fn types(&self) -> Vec<&str> {
        let mut types: Vec<&str> = self
            .reserve
            .iter()
            .map(|r| r.ticket_type.as_str())
            .collect();
        types.sort_unstable();
        types.dedup();
        types
    }

    /// `{left: [available per type of `types`], granted: [new holds]}` after all wishes.
    fn decide(&self, types: &[&str]) -> Document {
        let mut keys = HashSet::new();
        let wishes = self.reserve.iter().map(|wish| {
            let key = wish.key_hash.as_ref();
            let is_twin = key.is_some_and(|key| !keys.insert(key.as_str()));
            Bson::Document(wish_document(wish, types, is_twin))
        });
        let wishes: Vec<Bson> = wishes.collect();
        // A type that is not there has less than nothing.
        let left = types.iter().map(|key| {
            let available = format!("$stock.{key}.available");
            Bson::Document(doc! { "$ifNull": [available, -1_i64] })
        });
        let left: Vec<Bson> = left.collect();
        doc! { "$reduce": {
            "input": literal(wishes),
            "initialValue": { "left": left, "granted": [] },
            "in": { "$cond": [fits(), grant(types.len()), "$$value"] },
        } }
    }

    fn outcome(&self, types: &[&str]) -> Document {
        let changes = types.iter().zip(0_i32..).map(|(key, index)| {
            let left = doc! { "$arrayElemAt": ["$step.done.left", index] };
            let before = format!("$stock.{key}.available");
            TypeChange {
                ticket_type: (*key).to_owned(),
                condition: doc! { "$lt": [left.clone(), before] },
                fields: doc! { "available": left },
            }
        });
        let taken = doc! { "$sum": "$step.done.granted.quantity" };
        let moved = doc! { "$ne": ["$step.done.granted", []] };
        let if_moved = |then: Document, field: &str| doc! { "$cond": [&moved, then, field] };
        doc! {
            "holds": "$step.holds",
            "held": held("$step.holds"),
            "stock": stock_with(changes),
            "availableTickets": if_moved(
                doc! { "$subtract": ["$availableTickets", taken] },
                "$availableTickets",
            ),
            "sv": if_moved(doc! { "$add": ["$sv", 1_i64] }, "$sv"),
        }
    }
}

/// A wish as the pipeline sees it: the hold that it becomes but for the time, its type's place, and
/// whether it is the twin of one before it, with the same key.
fn wish_document(wish: &Reservation, types: &[&str], is_twin: bool) -> Document {
    let place = types
        .iter()
        .position(|key| *key == wish.ticket_type.as_str());
    let place = place
        .and_then(|place| i32::try_from(place).ok())
        .unwrap_or(i32::MAX);
    let mut hold = doc! {
        "reservationId": wish.id.to_string(),
        "userId": wish.user_id.get(),
        "ticketType": wish.ticket_type.as_str(),
        "quantity": i64::from(wish.quantity.get()),
    };
    if let Some(hash) = &wish.key_hash {
        hold.insert("keyHash", hash.as_str());
    }
    let mut document = doc! { "place": place, "hold": hold };
    if is_twin {
        document.insert("twin", true);
    }
    document
}

/// Whether `$$this` wish can be granted after those in `$$value`. A key that has a hold, an old one or
/// one that was just granted, takes no second one: else two requests of one key in flight at once could
/// both take tickets. Only twins are looked for among those just granted: all looking for all would cost
/// the square of their number.
fn fits() -> Document {
    let max_holds = i64::try_from(MAX_HOLDS).unwrap_or(i64::MAX);
    let holds = doc! { "$add": [{ "$size": "$step.kept" }, { "$size": "$$value.granted" }] };
    let key = "$$this.hold.keyHash";
    doc! { "$and": [
        "$step.open",
        { "$gte": [
            { "$arrayElemAt": ["$$value.left", "$$this.place"] },
            "$$this.hold.quantity",
        ] },
        { "$lt": [holds, max_holds] },
        { "$or": [
            { "$eq": [{ "$type": key }, "missing"] },
            { "$not": [{ "$or": [
                { "$in": [key, "$step.keys"] },
                { "$and": ["$$this.twin", { "$in": [key, "$$value.granted.keyHash"] }] },
            ] }] },
        ] },
    ] }
}

/// `$$value` with `$$this` wish granted.
fn grant(types: usize) -> Document {
    let types = i32::try_from(types).unwrap_or(i32::MAX);
    let taken = doc! { "$cond": [
        { "$eq": ["$$place", "$$this.place"] }, "$$this.hold.quantity", 0_i64,
    ] };
    let left = doc! { "$map": {
        "input": { "$range": [0, types] },
        "as": "place",
        "in": { "$subtract": [{ "$arrayElemAt": ["$$value.left", "$$place"] }, taken] },
    } };
    let hold = doc! { "$mergeObjects": ["$$this.hold", { "at": "$$NOW" }] };
    doc! { "left": left, "granted": { "$concatArrays": ["$$value.granted", [hold]] } }
}
