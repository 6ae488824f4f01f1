//! Holds that leave: settled or released.

use std::collections::BTreeMap;

use domain::event::EventId;
use domain::stock::HoldRef;
use mongodb::bson::{RawBson, RawDocumentBuf, rawdoc};

use super::pipeline::{STEP, held, holds_among, texts, without_step};
use crate::connection::MongoDatabase;
use crate::error::MongoError;
use crate::event_document::object_id;
use crate::update_command::{send_repeatable, statement};

/// Takes holds away; the stock does not move.
pub(crate) async fn settle(database: &MongoDatabase, holds: &[HoldRef]) -> Result<(), MongoError> {
    send_repeatable(database, statements(holds, settled)).await
}

/// Takes holds away and gives their tickets back.
pub(crate) async fn release(database: &MongoDatabase, holds: &[HoldRef]) -> Result<(), MongoError> {
    send_repeatable(database, statements(holds, released)).await
}

/// One statement per event. Its filter asks for one of the holds at least: a second execution finds none
/// and changes nothing.
fn statements(
    holds: &[HoldRef],
    pipeline: fn(&[String]) -> Vec<RawDocumentBuf>,
) -> Vec<RawDocumentBuf> {
    let mut events: BTreeMap<EventId, Vec<String>> = BTreeMap::new();
    for hold in holds {
        events
            .entry(hold.event_id)
            .or_default()
            .push(hold.reservation_id.to_string());
    }
    let events = events.into_iter().map(|(event, ids)| {
        let pipeline = pipeline(&ids);
        let filter =
            rawdoc! { "_id": object_id(event), "holds.reservationId": { "$in": texts(&ids) } };
        statement(filter, pipeline)
    });
    events.collect()
}

fn settled(ids: &[String]) -> Vec<RawDocumentBuf> {
    vec![
        rawdoc! { "$set": { "holds": holds_among(ids, false) } },
        rawdoc! { "$set": { "held": held("$holds") } },
    ]
}

/// What goes back is counted over the holds that are really there: one that was settled or released
/// before, by whoever, gives nothing.
fn released(ids: &[String]) -> Vec<RawDocumentBuf> {
    let step = rawdoc! { "back": holds_among(ids, true), "kept": holds_among(ids, false) };
    let of_type = rawdoc! { "$filter": {
        "input": "$step.back",
        "as": "hold",
        "cond": { "$eq": ["$$hold.ticketType", "$$type.k"] },
    } };
    let quantities =
        rawdoc! { "$map": { "input": of_type, "as": "hold", "in": "$$hold.quantity" } };
    let available = sum("$$type.v.available", rawdoc! { "$sum": quantities });
    let stock = rawdoc! { "$arrayToObject": { "$map": {
        "input": { "$objectToArray": "$stock" },
        "as": "type",
        "in": {
            "k": "$$type.k",
            "v": { "$mergeObjects": ["$$type.v", { "available": available }] },
        },
    } } };
    vec![
        rawdoc! { "$set": { STEP: step } },
        rawdoc! { "$set": {
            "holds": "$step.kept",
            "held": held("$step.kept"),
            "stock": stock,
            "availableTickets": sum("$availableTickets", rawdoc! { "$sum": "$step.back.quantity" }),
            "sv": sum("$sv", 1_i64),
        } },
        without_step(),
    ]
}

fn sum(field: &str, more: impl Into<RawBson>) -> RawDocumentBuf {
    rawdoc! { "$add": [field, more.into()] }
}
