//! Tickets that came back.

use std::collections::BTreeMap;

use domain::event::EventId;
use domain::stock::{StockReturn, TicketType};
use mongodb::bson::{Bson, Document, doc};

use super::pipeline::{STEP, TypeChange, literal, stock_with, without_step};
use crate::connection::MongoDatabase;
use crate::error::MongoError;
use crate::event_document::object_id;
use crate::update_command::{send_repeatable, statement};

/// The returned counter per ticket type of one event.
type Counters<'a> = BTreeMap<&'a TicketType, i64>;

/// Brings the counters up, and the stock with them.
pub(crate) async fn apply(
    database: &MongoDatabase,
    returns: &[StockReturn],
) -> Result<(), MongoError> {
    let mut events: BTreeMap<EventId, Counters<'_>> = BTreeMap::new();
    for back in returns {
        let counter = i64::try_from(back.returned)
            .map_err(|_| MongoError::Malformed("a returned counter is out of range"))?;
        let highest = events.entry(back.event_id).or_default();
        let highest = highest.entry(&back.ticket_type).or_default();
        *highest = counter.max(*highest);
    }
    let statements = events
        .iter()
        .map(|(event, counters)| statement(filter(*event, counters), pipeline(counters)));
    send_repeatable(database, statements.collect()).await
}

/// The event, if one of its counters is below: a late or doubled return finds nothing to change.
fn filter(event: EventId, counters: &Counters<'_>) -> Document {
    let below = counters.iter().map(|(key, counter)| {
        Bson::Document(doc! { format!("stock.{}.returned", key.as_str()): { "$lt": counter } })
    });
    doc! { "_id": object_id(event), "$or": below.collect::<Vec<Bson>>() }
}

fn pipeline(counters: &Counters<'_>) -> Vec<Document> {
    let more = counters
        .iter()
        .map(|(key, counter)| Bson::Document(growth(key, *counter)));
    let changes = counters.iter().zip(0_i32..).map(|((key, counter), index)| {
        let more = doc! { "$arrayElemAt": ["$step.more", index] };
        let available = format!("$stock.{}.available", key.as_str());
        TypeChange {
            ticket_type: key.as_str().to_owned(),
            condition: doc! { "$gt": [&more, 0_i64] },
            fields: doc! {
                "available": { "$add": [available, more] },
                "returned": literal(*counter),
            },
        }
    });
    vec![
        doc! { "$set": { STEP: { "more": more.collect::<Vec<Bson>>() } } },
        doc! { "$set": {
            "stock": stock_with(changes),
            "availableTickets": { "$add": ["$availableTickets", { "$sum": "$step.more" }] },
            "sv": { "$add": ["$sv", 1_i64] },
        } },
        without_step(),
    ]
}

/// By how much a type's counter grows; not at all if the event does not have the type.
fn growth(key: &TicketType, counter: i64) -> Document {
    let returned = format!("$stock.{}.returned", key.as_str());
    let growth =
        doc! { "$subtract": [literal(counter), { "$ifNull": [returned, literal(counter)] }] };
    doc! { "$max": [0_i64, growth] }
}
