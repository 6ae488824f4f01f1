//! Holds that leave: settled or released.

use std::collections::BTreeMap;

use domain::event::EventId;
use domain::stock::HoldRef;
use mongodb::bson::{RawBson, RawDocumentBuf, rawdoc};

use super::pipeline::{STEP, held, lots_without, texts, tickets_held, without_step};
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
        // The second as instances of the version before leave them.
        let any = rawdoc! { "_id": object_id(event), "$or": [
            { "holds.reservationIds": { "$in": texts(&ids) } },
            { "holds.reservationId": { "$in": texts(&ids) } },
        ] };
        statement(any, pipeline)
    });
    events.collect()
}

fn settled(ids: &[String]) -> Vec<RawDocumentBuf> {
    vec![
        rawdoc! { "$set": { "holds": lots_without(ids) } },
        rawdoc! { "$set": { "held": held("$holds") } },
    ]
}

/// What goes back is counted over the holds that are really there: one that was settled or released
/// before, by whoever, gives nothing.
fn released(ids: &[String]) -> Vec<RawDocumentBuf> {
    let back = rawdoc! { "$subtract": [tickets_held("$holds"), tickets_held("$$kept")] };
    let types = rawdoc! { "$map": {
        "input": { "$objectToArray": "$stock" },
        "as": "type",
        "in": { "k": "$$type.k", "v": "$$type.v", "back": back },
    } };
    let step = rawdoc! { "$let": {
        "vars": { "kept": lots_without(ids) },
        "in": { "kept": "$$kept", "types": types },
    } };
    let stock = rawdoc! { "$arrayToObject": { "$map": {
        "input": "$step.types",
        "as": "type",
        "in": {
            "k": "$$type.k",
            "v": { "$mergeObjects": [
                "$$type.v", { "available": sum("$$type.v.available", "$$type.back") },
            ] },
        },
    } } };
    vec![
        rawdoc! { "$set": { STEP: step } },
        rawdoc! { "$set": {
            "holds": "$step.kept",
            "held": held("$step.kept"),
            "stock": stock,
            "availableTickets": sum("$availableTickets", rawdoc! { "$sum": "$step.types.back" }),
            "sv": sum("$sv", 1_i64),
        } },
        without_step(),
    ]
}

fn sum(field: &str, more: impl Into<RawBson>) -> RawDocumentBuf {
    rawdoc! { "$add": [field, more.into()] }
}
