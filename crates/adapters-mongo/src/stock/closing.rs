//! Closing an event for reservations, and deleting it.

use domain::event::EventId;
use domain::stock::{ClosingState, ClosingToken};
use mongodb::bson::{Document, doc, rawdoc};
use tokio::time::Instant;

use super::pipeline::literal;
use crate::connection::{CALL_LIMIT, MongoDatabase, SERVER_LIMIT, bounded};
use crate::error::MongoError;
use crate::event_document::{count, object_id};
use crate::update_command::{send_once, send_repeatable, statement};

/// Closes an open event, and says what it then looks like to `token`. Sent once: a second sending that
/// arrives after the event was opened again would close it for nobody.
pub(crate) async fn close(
    database: &MongoDatabase,
    event: EventId,
    token: ClosingToken,
) -> Result<ClosingState, MongoError> {
    let deadline = Instant::now() + CALL_LIMIT;
    let filter = rawdoc! { "_id": object_id(event), "closing": { "$exists": false } };
    let closing = rawdoc! { "token": literal(token.to_string()), "at": "$$NOW" };
    let close = statement(filter, vec![rawdoc! { "$set": { "closing": closing } }]);
    let mut session = database.causal_session().await?;
    let refused = send_once(database, &mut session, vec![close], deadline).await?;
    if let Some(code) = refused.first() {
        return Err(MongoError::Statement { code: *code });
    }
    let left = deadline.saturating_duration_since(Instant::now());
    bounded(left, async {
        let events = database.events();
        let find = events.find_one(doc! { "_id": object_id(event) });
        let find = find.projection(projection()).max_time(SERVER_LIMIT);
        read(find.session(&mut session).await?, token)
    })
    .await
}

/// What the event looks like to `token`.
pub(crate) async fn state(
    database: &MongoDatabase,
    event: EventId,
    token: ClosingToken,
) -> Result<ClosingState, MongoError> {
    bounded(CALL_LIMIT, async {
        let events = database.events();
        let find = events.find_one(doc! { "_id": object_id(event) });
        read(
            find.projection(projection()).max_time(SERVER_LIMIT).await?,
            token,
        )
    })
    .await
}

/// Opens an event that `token` closed.
pub(crate) async fn reopen(
    database: &MongoDatabase,
    event: EventId,
    token: ClosingToken,
) -> Result<(), MongoError> {
    let filter = rawdoc! { "_id": object_id(event), "closing.token": token.to_string() };
    let open = vec![rawdoc! { "$unset": "closing" }];
    send_repeatable(database, vec![statement(filter, open)]).await
}

/// Deletes an event that `token` closed, if it has no holds; whether it did.
pub(crate) async fn delete(
    database: &MongoDatabase,
    event: EventId,
    token: ClosingToken,
) -> Result<bool, MongoError> {
    let filter = doc! {
        "_id": object_id(event), "closing.token": token.to_string(), "holds": { "$size": 0 },
    };
    bounded(CALL_LIMIT, async {
        // The driver repeats it under a number by which the server knows a repetition.
        let deleted = database.events().delete_one(filter).await?;
        Ok(deleted.deleted_count == 1)
    })
    .await
}

fn projection() -> Document {
    doc! { "token": "$closing.token", "holdCount": { "$size": "$holds" } }
}

fn read(document: Option<Document>, token: ClosingToken) -> Result<ClosingState, MongoError> {
    let Some(document) = document else {
        return Ok(ClosingState::Gone);
    };
    if document.get_str("token").ok() != Some(token.to_string().as_str()) {
        return Ok(ClosingState::NotMine);
    }
    Ok(match count(&document, "holdCount")? {
        0 => ClosingState::Clear,
        _ => ClosingState::Holds,
    })
}
