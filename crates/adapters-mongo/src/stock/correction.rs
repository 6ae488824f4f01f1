//! Setting the stock of an event to what its bookings say.

use domain::event::EventId;
use domain::stock::ClosingToken;
use domain::verify::CorrectStock;
use mongodb::bson::{RawDocumentBuf, rawdoc};

use super::pipeline::{TypeChange, literal, stock_with};
use crate::connection::MongoDatabase;
use crate::error::MongoError;
use crate::event_document::object_id;
use crate::update_command::{send_repeatable, statement};

/// Sets the stock if the event is closed by `token` and its counter is `version`. A second execution
/// meets another counter.
pub(crate) async fn apply(
    database: &MongoDatabase,
    event: EventId,
    token: ClosingToken,
    version: u64,
    types: &[CorrectStock],
) -> Result<(), MongoError> {
    let version =
        i64::try_from(version).map_err(|_| MongoError::Malformed("a counter is out of range"))?;
    let filter = rawdoc! {
        "_id": object_id(event), "closing.token": token.to_string(), "sv": version,
    };
    send_repeatable(database, vec![statement(filter, pipeline(types))]).await
}

fn pipeline(types: &[CorrectStock]) -> Vec<RawDocumentBuf> {
    let changes = types.iter().map(|correct| TypeChange {
        ticket_type: correct.ticket_type.as_str(),
        condition: None,
        fields: rawdoc! {
            "available": literal(correct.available), "returned": literal(correct.returned),
        },
    });
    let sum = |field: &str| {
        rawdoc! { "$sum": { "$map": {
            "input": { "$objectToArray": "$stock" }, "as": "type", "in": format!("$$type.v.{field}"),
        } } }
    };
    vec![
        rawdoc! { "$set": { "stock": stock_with(changes), "sv": { "$add": ["$sv", 1_i64] } } },
        rawdoc! { "$set": {
            "totalTickets": sum("total"), "availableTickets": sum("available"),
        } },
    ]
}
