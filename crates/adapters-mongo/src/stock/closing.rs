//! Closing an event for reservations, and deleting it.

use domain::event::{EventId, ExpectedRevision};
use domain::idempotency::KeyClaim;
use domain::stock::{ClosingState, ClosingToken, DeleteOutcome};
use mongodb::ClientSession;
use mongodb::bson::{Document, RawDocumentBuf, doc, rawdoc};
use tokio::time::Instant;

use super::pipeline::literal;
use crate::connection::{CALL_LIMIT, MongoDatabase, SERVER_LIMIT, bounded};
use crate::error::MongoError;
use crate::event_document::{
    REVISION, count, event as read_event, event_fields, expected_revision, object_id, version,
};
use crate::keys::{self, Once};
use crate::update_command::{send_once, send_repeatable, statement};

/// Closes an open event of an expected revision, and says what it then looks like to `token`. Sent once: a
/// second sending that arrives after the event was opened again would close it for nobody.
pub(crate) async fn close(
    database: &MongoDatabase,
    event: EventId,
    token: ClosingToken,
    expected: &ExpectedRevision,
) -> Result<ClosingState, MongoError> {
    let deadline = Instant::now() + CALL_LIMIT;
    let mut filter = doc! { "_id": object_id(event), "closing": { "$exists": false } };
    filter.extend(expected_revision(expected));
    let filter = RawDocumentBuf::try_from(&filter)
        .map_err(|_| MongoError::Malformed("a filter cannot be written"))?;
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
        let found = find.session(&mut session).await?;
        let version = found.as_ref().map(version).transpose()?;
        let is_outdated = version.is_some_and(|version| !expected.includes(version.revision));
        // What this token closed is to be opened again, also if it was edited since.
        Ok(match read(found, token)? {
            ClosingState::NotMine if is_outdated => ClosingState::Outdated,
            state => state,
        })
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

/// Deletes an event of an expected revision that `token` closed, if it has no holds.
pub(crate) async fn delete(
    database: &MongoDatabase,
    event: EventId,
    token: ClosingToken,
    expected: &ExpectedRevision,
    key: Option<&KeyClaim>,
) -> Result<DeleteOutcome, MongoError> {
    let closed = doc! {
        "_id": object_id(event), "closing.token": token.to_string(), "holds": { "$size": 0 },
    };
    let mut filter = closed.clone();
    filter.extend(expected_revision(expected));
    bounded(CALL_LIMIT, async {
        match remove(database, filter, key).await? {
            Once::Done(deleted) => {
                return Ok(DeleteOutcome::Deleted(Box::new(read_event(deleted)?)));
            }
            Once::KeyTaken => return Ok(DeleteOutcome::KeyTaken),
            Once::Nothing => {}
        }
        let events = database.events();
        let find = events.find_one(closed);
        let left = find.projection(projection()).max_time(SERVER_LIMIT).await?;
        Ok(match left.as_ref().map(version).transpose()? {
            Some(version) if !expected.includes(version.revision) => DeleteOutcome::Outdated,
            _ => DeleteOutcome::Refused,
        })
    })
    .await
}

async fn remove(
    database: &MongoDatabase,
    filter: Document,
    key: Option<&KeyClaim>,
) -> Result<Once<Document>, MongoError> {
    if let Some(key) = key {
        let work = keys::Delete {
            database: database.clone(),
            filter,
            key: key.clone(),
        };
        return keys::once(database, work).await;
    }
    let deleted = find_and_delete(database, filter, None).await?;
    Ok(deleted.map_or(Once::Nothing, Once::Done))
}

/// Deletes, in the transaction of `session` if there is one; what was deleted. Outside a transaction the
/// driver repeats it under a number by which the server knows a repetition.
pub(crate) async fn find_and_delete(
    database: &MongoDatabase,
    filter: Document,
    session: Option<&mut ClientSession>,
) -> Result<Option<Document>, MongoError> {
    let events = database.events();
    let delete = events.find_one_and_delete(filter);
    let mut delete = delete.projection(event_fields()).max_time(SERVER_LIMIT);
    if let Some(session) = session {
        delete = delete.session(session);
    }
    Ok(delete.await?)
}

fn projection() -> Document {
    doc! {
        "token": "$closing.token", "holdCount": { "$size": "$holds" }, "sv": 1, REVISION: 1,
    }
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
