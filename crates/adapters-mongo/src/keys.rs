//! Idempotency keys of changes of events:
//!
//! ```text
//! { _id: SHA-256 of user and key, fingerprint, at: Date, event?: the answer as text }
//! ```

use domain::error::StoreError;
use domain::event::{Edited, Event, EventEdit, EventId, NewEvent};
use domain::idempotency::{Fingerprint, KeyClaim, Remembered};
use domain::stock::KeyHash;
use mongodb::ClientSession;
use mongodb::bson::{Document, doc};

use crate::connection::{CALL_LIMIT, MongoDatabase, SERVER_LIMIT, bounded};
use crate::error::{DUPLICATE_KEY, MongoError};
use crate::event_change;
use crate::event_document::{date, event, new_document};
use crate::stock::closing;
use crate::transaction::{Work, transact};

/// What was done under a key.
pub(crate) async fn find(
    database: &MongoDatabase,
    key: &KeyHash,
) -> Result<Option<Remembered>, StoreError> {
    let found = bounded(CALL_LIMIT, async {
        let keys = database.idempotency_keys();
        let find = keys.find_one(doc! { "_id": key.as_str() });
        Ok(find.max_time(SERVER_LIMIT).await?)
    });
    Ok(found.await?.as_ref().map(remembered).transpose()?)
}

fn remembered(document: &Document) -> Result<Remembered, MongoError> {
    let corrupt = || MongoError::Malformed("a key stands without what it was used for");
    let fingerprint = document.get_str("fingerprint").map_err(|_| corrupt())?;
    let event = match document.get_str("event") {
        Ok(text) => Some(Event::from_snapshot(text).ok_or_else(corrupt)?),
        Err(_) => None,
    };
    Ok(Remembered {
        fingerprint: Fingerprint::from_stored(fingerprint.to_owned()),
        event,
    })
}

async fn remember(
    database: &MongoDatabase,
    session: &mut ClientSession,
    claim: &KeyClaim,
    answer: Option<&Event>,
) -> Result<(), MongoError> {
    let mut document = doc! {
        "_id": claim.hash().as_str(),
        "fingerprint": claim.used.fingerprint.as_str(),
        "at": date(claim.at),
    };
    if let Some(event) = answer {
        document.insert("event", event.to_snapshot());
    }
    let keys = database.idempotency_keys();
    keys.insert_one(document).session(session).await?;
    Ok(())
}

/// Adds the answer to a key that was remembered in the same transaction.
async fn add_answer(
    database: &MongoDatabase,
    session: &mut ClientSession,
    claim: &KeyClaim,
    answer: &Event,
) -> Result<(), MongoError> {
    let key = doc! { "_id": claim.hash().as_str() };
    let answer = doc! { "$set": { "event": answer.to_snapshot() } };
    let keys = database.idempotency_keys();
    keys.update_one(key, answer).session(session).await?;
    Ok(())
}

/// What became of work under a key.
pub(crate) enum Once<T> {
    /// It is done, and its key is remembered.
    Done(T),
    /// There was nothing that it could have been done to.
    Nothing,
    /// Another request has its key.
    KeyTaken,
}

/// Does work and remembers its key, both or neither.
pub(crate) async fn once<W: Work>(
    database: &MongoDatabase,
    work: W,
) -> Result<Once<W::Done>, MongoError> {
    match transact(database, work).await {
        Ok(Some(done)) => Ok(Once::Done(done)),
        Ok(None) => Ok(Once::Nothing),
        // Ids of events are never made twice, so it is the key.
        Err(error) if error.code() == Some(DUPLICATE_KEY) => Ok(Once::KeyTaken),
        Err(error) => Err(error),
    }
}

/// A new event and its key.
pub(crate) struct Insert {
    pub(crate) database: MongoDatabase,
    pub(crate) new: NewEvent,
    pub(crate) key: KeyClaim,
}

impl Work for Insert {
    type Done = Event;

    async fn steps(&self, session: &mut ClientSession) -> Result<Option<Event>, MongoError> {
        let document = new_document(&self.new);
        let events = self.database.events();
        events.insert_one(&document).session(&mut *session).await?;
        let event = event(document)?;
        remember(&self.database, session, &self.key, Some(&event)).await?;
        Ok(Some(event))
    }
}

/// An edit and its key. The key first: the event is locked as late as can be.
pub(crate) struct Edit {
    pub(crate) database: MongoDatabase,
    pub(crate) id: EventId,
    pub(crate) edit: EventEdit,
    pub(crate) key: KeyClaim,
}

impl Work for Edit {
    type Done = Edited;

    async fn steps(&self, session: &mut ClientSession) -> Result<Option<Edited>, MongoError> {
        let (database, edit) = (&self.database, &self.edit);
        remember(database, session, &self.key, None).await?;
        let on = Some(&mut *session);
        let before = event_change::find_and_change(database, self.id, edit, on).await?;
        let Some(before) = before else {
            return Ok(None);
        };
        let edited = event_change::edited(before, &edit.change, edit.at)?;
        add_answer(database, session, &self.key, &edited.after).await?;
        Ok(Some(edited))
    }
}

/// A deletion and its key. The key first, as with an edit.
pub(crate) struct Delete {
    pub(crate) database: MongoDatabase,
    pub(crate) filter: Document,
    pub(crate) key: KeyClaim,
}

impl Work for Delete {
    type Done = Document;

    async fn steps(&self, session: &mut ClientSession) -> Result<Option<Document>, MongoError> {
        remember(&self.database, session, &self.key, None).await?;
        closing::find_and_delete(&self.database, self.filter.clone(), Some(session)).await
    }
}
