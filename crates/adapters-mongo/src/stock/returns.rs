//! Tickets that came back.

use std::collections::BTreeMap;

use domain::event::EventId;
use domain::stock::{StockReturn, TicketType};
use mongodb::bson::raw::CString;
use mongodb::bson::{RawArrayBuf, RawDocumentBuf, rawdoc};

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
fn filter(event: EventId, counters: &Counters<'_>) -> RawDocumentBuf {
    let below = counters.iter().filter_map(|(key, counter)| {
        // No event has a type with a NUL in its name.
        let path = CString::try_from(format!("stock.{}.returned", key.as_str())).ok()?;
        Some(rawdoc! { path: { "$lt": *counter } })
    });
    rawdoc! { "_id": object_id(event), "$or": below.collect::<RawArrayBuf>() }
}

fn pipeline(counters: &Counters<'_>) -> Vec<RawDocumentBuf> {
    let more = counters.iter().map(|(key, counter)| growth(key, *counter));
    let changes = counters.iter().zip(0_i32..).map(|((key, counter), index)| {
        let more = rawdoc! { "$arrayElemAt": ["$step.more", index] };
        let available = format!("$stock.{}.available", key.as_str());
        TypeChange {
            ticket_type: key.as_str(),
            condition: Some(rawdoc! { "$gt": [more.clone(), 0_i64] }),
            fields: rawdoc! {
                "available": { "$add": [available, more] },
                "returned": literal(*counter),
            },
        }
    });
    vec![
        rawdoc! { "$set": { STEP: { "more": more.collect::<RawArrayBuf>() } } },
        rawdoc! { "$set": {
            "stock": stock_with(changes),
            "availableTickets": { "$add": ["$availableTickets", { "$sum": "$step.more" }] },
            "sv": { "$add": ["$sv", 1_i64] },
        } },
        without_step(),
    ]
}

/// By how much a type's counter grows; not at all if the event does not have the type.
fn growth(key: &TicketType, counter: i64) -> RawDocumentBuf {
    let returned = format!("$stock.{}.returned", key.as_str());
    let growth =
        rawdoc! { "$subtract": [literal(counter), { "$ifNull": [returned, literal(counter)] }] };
    rawdoc! { "$max": [0_i64, growth] }
}
