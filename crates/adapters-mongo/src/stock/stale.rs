//! What nobody brought to its end, by the database's own clock.

use std::time::Duration;

use domain::booking::Quantity;
use domain::event::EventId;
use domain::stock::{ClosingToken, Hold, HoldRef, ReservationId, StaleClosing, TicketType};
use futures_util::TryStreamExt;
use mongodb::bson::{Document, doc};

use super::pipeline::ids_of_lot;
use crate::connection::{CALL_LIMIT, MongoDatabase, SERVER_LIMIT, bounded};
use crate::error::MongoError;
use crate::event_document::{id, integer, text};

/// Up to `limit` holds that are at least `age` old. What cannot be read must not keep the rest waiting.
pub(crate) async fn holds(
    database: &MongoDatabase,
    age: Duration,
    limit: usize,
) -> Result<Vec<Hold>, MongoError> {
    let found = aggregate(database, holds_pipeline(age)?, limit).await?;
    Ok(readable(&found, hold))
}

/// Up to `limit` closings that are at least `age` old.
pub(crate) async fn closings(
    database: &MongoDatabase,
    age: Duration,
    limit: usize,
) -> Result<Vec<StaleClosing>, MongoError> {
    let found = aggregate(database, closings_pipeline(age), limit).await?;
    Ok(readable(&found, closing))
}

fn readable<T>(found: &[Document], read: fn(&Document) -> Result<T, MongoError>) -> Vec<T> {
    let read = found.iter().map(read);
    read.filter_map(|result| {
        result
            .inspect_err(
                |error| tracing::error!(%error, "recovery passes over what it cannot read"),
            )
            .ok()
    })
    .collect()
}

/// `held` finds the events with holds by its index; the time must come from the server, and no index can
/// be searched by the server's clock.
fn holds_pipeline(age: Duration) -> Result<Vec<Document>, MongoError> {
    let ids = Document::try_from(ids_of_lot())
        .map_err(|_| MongoError::Malformed("an expression cannot be read"))?;
    let old = doc! { "$filter": {
        "input": "$holds",
        "as": "lot",
        "cond": { "$lte": ["$$lot.at", since(age)] },
    } };
    Ok(vec![
        doc! { "$match": { "held": true } },
        doc! { "$project": { "lot": old } },
        doc! { "$unwind": "$lot" },
        // Each of a thousand ids comes by itself, and not with all the others.
        doc! { "$project": {
            "ticketType": "$lot.ticketType",
            "quantity": "$lot.quantity",
            "id": { "$let": { "vars": { "lot": "$lot" }, "in": ids } },
        } },
        doc! { "$unwind": "$id" },
    ])
}

fn closings_pipeline(age: Duration) -> Vec<Document> {
    vec![
        doc! { "$match": {
            "closing.at": { "$exists": true },
            "$expr": { "$lte": ["$closing.at", since(age)] },
        } },
        doc! { "$project": { "token": "$closing.token" } },
    ]
}

/// The database's time `age` ago.
fn since(age: Duration) -> Document {
    // Three thousand years are enough, and stay within what a date can be.
    const LONGEST: i64 = 100_000_000_000_000;
    let age = i64::try_from(age.as_millis())
        .unwrap_or(LONGEST)
        .min(LONGEST);
    doc! { "$subtract": ["$$NOW", age] }
}

async fn aggregate(
    database: &MongoDatabase,
    mut pipeline: Vec<Document>,
    limit: usize,
) -> Result<Vec<Document>, MongoError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    pipeline.push(doc! { "$limit": i64::try_from(limit).unwrap_or(i64::MAX) });
    bounded(CALL_LIMIT, async {
        let cursor = database
            .events()
            .aggregate(pipeline)
            .max_time(SERVER_LIMIT)
            .await?;
        Ok(cursor.try_collect().await?)
    })
    .await
}

fn hold(document: &Document) -> Result<Hold, MongoError> {
    let malformed = || MongoError::Malformed("a hold cannot be read");
    let event_id: EventId = id(document)?;
    let reservation_id = ReservationId::parse(&text(document, "id")?);
    let ticket_type = TicketType::parse(&text(document, "ticketType")?);
    let quantity = Quantity::new(integer(document, "quantity")?);
    Ok(Hold {
        at: HoldRef {
            event_id,
            reservation_id: reservation_id.ok_or_else(malformed)?,
        },
        ticket_type: ticket_type.map_err(|_| malformed())?,
        quantity: quantity.map_err(|_| malformed())?,
    })
}

fn closing(document: &Document) -> Result<StaleClosing, MongoError> {
    let token = ClosingToken::parse(&text(document, "token")?);
    let token = token.ok_or(MongoError::Malformed("a closing cannot be read"))?;
    Ok(StaleClosing {
        event_id: id(document)?,
        token,
    })
}
