//! [`EventRepository`] in MongoDB.

use async_trait::async_trait;
use domain::cursor::{Moment, Start};
use domain::error::StoreError;
use domain::event::{
    Edited, Event, EventEdit, EventFilter, EventId, EventQuery, EventRepository, EventSummary,
    InsertEventError, NewEvent, UpdateEventError,
};
use domain::idempotency::Remembered;
use domain::stock::KeyHash;
use futures_util::TryStreamExt;
use mongodb::action::{Action, FindOne};
use mongodb::bson::{Bson, Document, doc};
use mongodb::options::ReadConcern;

use crate::connection::{CALL_LIMIT, MongoDatabase, SERVER_LIMIT, bounded};
use crate::error::MongoError;
use crate::event_change;
use crate::event_document::{
    event, event_fields, new_document, object_id, summary, summary_fields,
};
use crate::event_list;
use crate::keys::{self, Once};

/// [`EventRepository`] in MongoDB.
#[derive(Clone, Debug)]
pub struct MongoEventRepository {
    database: MongoDatabase,
}

impl MongoEventRepository {
    /// The events in `database`.
    pub fn new(database: MongoDatabase) -> Self {
        Self { database }
    }

    async fn read(
        &self,
        id: EventId,
        concern: Option<ReadConcern>,
    ) -> Result<Option<Event>, MongoError> {
        let events = self.database.events();
        let find = events.find_one(doc! { "_id": object_id(id) });
        let found = find
            .projection(event_fields())
            .max_time(SERVER_LIMIT)
            .optional(concern, FindOne::read_concern)
            .await?;
        found.map(event).transpose()
    }

    /// The documents of `ids`, in one round trip: the first answer has room for all of them.
    async fn among(&self, ids: &[EventId], fields: Document) -> Result<Vec<Document>, MongoError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let room = u32::try_from(ids.len() + 1).unwrap_or(u32::MAX);
        let ids: Vec<Bson> = ids.iter().map(|id| object_id(*id).into()).collect();
        bounded(CALL_LIMIT, async {
            let events = self.database.events();
            let find = events.find(doc! { "_id": { "$in": ids } });
            let cursor = find
                .projection(fields)
                .batch_size(room)
                .max_time(SERVER_LIMIT)
                .await?;
            Ok(cursor.try_collect().await?)
        })
        .await
    }

    async fn change(&self, id: EventId, edit: &EventEdit) -> Result<Once<Edited>, MongoError> {
        if let Some(key) = &edit.key {
            let work = keys::Edit {
                database: self.database.clone(),
                id,
                edit: edit.clone(),
                key: key.clone(),
            };
            return keys::once(&self.database, work).await;
        }
        let before = event_change::find_and_change(&self.database, id, edit, None).await?;
        Ok(match before {
            Some(before) => Once::Done(event_change::edited(before, &edit.change, edit.at)?),
            None => Once::Nothing,
        })
    }

    /// Why an edit found no event. The filter asks for the event, the revision and the capacity: it was
    /// one of them. Read linearizably: a primary that does not know yet that it is none any more could show
    /// an older revision, and the wrong one of them would be told.
    async fn refusal(&self, id: EventId, edit: &EventEdit) -> Result<UpdateEventError, MongoError> {
        Ok(
            match self.read(id, Some(ReadConcern::linearizable())).await? {
                None => UpdateEventError::NotFound,
                Some(found) if !edit.expected.includes(found.version.revision) => {
                    UpdateEventError::Outdated
                }
                // Edited between the two.
                Some(_) if edit.change.capacity.is_none() => UpdateEventError::Outdated,
                Some(_) => UpdateEventError::CapacityBelowSold,
            },
        )
    }

    async fn store(&self, new: &NewEvent) -> Result<Once<Event>, MongoError> {
        if let Some(key) = &new.key {
            let work = keys::Insert {
                database: self.database.clone(),
                new: new.clone(),
                key: key.clone(),
            };
            return keys::once(&self.database, work).await;
        }
        let document = new_document(new);
        self.database.events().insert_one(&document).await?;
        Ok(Once::Done(event(document)?))
    }
}

#[async_trait]
impl EventRepository for MongoEventRepository {
    async fn insert(&self, new: &NewEvent) -> Result<Event, InsertEventError> {
        let stored = bounded(CALL_LIMIT, self.store(new)).await;
        match stored.map_err(StoreError::from)? {
            Once::Done(event) => Ok(event),
            Once::KeyTaken => Err(InsertEventError::KeyTaken),
            Once::Nothing => {
                Err(StoreError::from(MongoError::Malformed("nothing was stored")).into())
            }
        }
    }

    async fn find_by_key(&self, key: &KeyHash) -> Result<Option<Remembered>, StoreError> {
        keys::find(&self.database, key).await
    }

    async fn find(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        Ok(bounded(CALL_LIMIT, self.read(id, None)).await?)
    }

    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Event>, StoreError> {
        let found = self.among(ids, event_fields()).await?;
        let events = found.into_iter().map(event);
        Ok(events.collect::<Result<_, MongoError>>()?)
    }

    async fn summaries(&self, ids: &[EventId]) -> Result<Vec<EventSummary>, StoreError> {
        let found = self.among(ids, summary_fields()).await?;
        let summaries = found.iter().map(summary);
        Ok(summaries.collect::<Result<_, MongoError>>()?)
    }

    async fn list(
        &self,
        query: &EventQuery,
        start: Start<Moment>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let found = event_list::list(&self.database, query, start, limit);
        Ok(bounded(CALL_LIMIT, found).await?)
    }

    async fn count(&self, filter: &EventFilter) -> Result<u64, StoreError> {
        let counted = event_list::count(&self.database, filter);
        Ok(bounded(CALL_LIMIT, counted).await?)
    }

    async fn update(&self, id: EventId, edit: &EventEdit) -> Result<Edited, UpdateEventError> {
        let changed = bounded(CALL_LIMIT, async {
            Ok(match self.change(id, edit).await? {
                Once::Done(edited) => Ok(edited),
                Once::KeyTaken => Err(UpdateEventError::KeyTaken),
                Once::Nothing => Err(self.refusal(id, edit).await?),
            })
        });
        changed.await.map_err(StoreError::from)?
    }
}
