//! The events.

use async_trait::async_trait;
use domain::cursor::{Moment, Start};
use domain::error::StoreError;
use domain::event::{
    Edited, Event, EventChange, EventEdit, EventFilter, EventId, EventQuery, EventRepository,
    EventSummary, InsertEventError, NewEvent, UpdateEventError,
};
use domain::idempotency::Remembered;
use domain::stock::{KeyHash, TicketType};
use domain::time::Timestamp;
use sea_orm::{ConnectionTrait, Value};

use crate::database::{Database, bounded};
use crate::event_keys;
use crate::event_list;
use crate::event_row::{event, event_columns, metadata_text, summary};
use crate::sql::{execute, list, row, rows, unreadable};

/// [`EventRepository`] in SQLite.
#[derive(Debug, Clone)]
pub struct SqliteEventRepository {
    database: Database,
}

impl SqliteEventRepository {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl EventRepository for SqliteEventRepository {
    async fn insert(&self, new: &NewEvent) -> Result<Event, InsertEventError> {
        let written = self.database.write(|tx| async {
            let key = new.key.as_ref();
            if event_keys::is_taken(&tx, key).await? {
                return Ok((tx, None));
            }
            insert_event(&tx, new).await?;
            insert_stock(&tx, new).await?;
            let stored = find(&tx, new.id).await?.ok_or_else(|| unreadable("id"))?;
            event_keys::remember(&tx, key, Some(&stored)).await?;
            Ok((tx, Some(stored)))
        });
        let stored = written.await.map_err(StoreError::from)?;
        stored.ok_or(InsertEventError::KeyTaken)
    }

    async fn find_by_key(&self, key: &KeyHash) -> Result<Option<Remembered>, StoreError> {
        bounded(event_keys::find(self.database.reader(), key)).await
    }

    async fn find(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        bounded(find(self.database.reader(), id)).await
    }

    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Event>, StoreError> {
        let sql = concat!(
            "SELECT ",
            event_columns!(),
            " FROM events AS e WHERE e.id IN (SELECT value FROM json_each(?))"
        );
        let ids = list(ids.iter().map(|id| id.to_string().into()));
        let found = bounded(rows(self.database.reader(), sql, [ids])).await?;
        found.iter().map(event).collect()
    }

    async fn summaries(&self, ids: &[EventId]) -> Result<Vec<EventSummary>, StoreError> {
        let sql = "SELECT id, title, date, location FROM events \
                   WHERE id IN (SELECT value FROM json_each(?))";
        let ids = list(ids.iter().map(|id| id.to_string().into()));
        let found = bounded(rows(self.database.reader(), sql, [ids])).await?;
        found.iter().map(summary).collect()
    }

    async fn list(
        &self,
        query: &EventQuery,
        start: Start<Moment>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        bounded(event_list::list(
            self.database.reader(),
            query,
            start,
            limit,
        ))
        .await
    }

    async fn count(&self, filter: &EventFilter) -> Result<u64, StoreError> {
        bounded(event_list::count(self.database.reader(), filter)).await
    }

    async fn update(&self, id: EventId, edit: &EventEdit) -> Result<Edited, UpdateEventError> {
        let written = self.database.write(|tx| async {
            let updated = update(&tx, id, edit).await?;
            Ok((tx, updated))
        });
        match written.await.map_err(StoreError::from)? {
            Updated::Done(edited) => Ok(*edited),
            Updated::NotFound => Err(UpdateEventError::NotFound),
            Updated::Outdated => Err(UpdateEventError::Outdated),
            Updated::KeyTaken => Err(UpdateEventError::KeyTaken),
            Updated::BelowSold => Err(UpdateEventError::CapacityBelowSold),
        }
    }
}

enum Updated {
    Done(Box<Edited>),
    NotFound,
    Outdated,
    KeyTaken,
    BelowSold,
}

async fn insert_event(on: &impl ConnectionTrait, new: &NewEvent) -> Result<u64, StoreError> {
    let sql = "INSERT INTO events (id, title, description, date, location, metadata, \
               created_by, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let details = &new.details;
    let values: [Value; 9] = [
        new.id.to_string().into(),
        details.title.as_str().into(),
        details.description.as_str().into(),
        details.date.millis().into(),
        details.location.as_str().into(),
        metadata_text(&details.metadata).into(),
        new.created_by.get().into(),
        new.created_at.millis().into(),
        new.created_at.millis().into(),
    ];
    execute(on, sql, values).await
}

async fn insert_stock(on: &impl ConnectionTrait, new: &NewEvent) -> Result<u64, StoreError> {
    let sql = "INSERT INTO event_stock (event_id, ticket_type, total, available, returned, sv) \
               VALUES (?1, ?2, ?3, ?3, 0, 0)";
    let values: [Value; 3] = [
        new.id.to_string().into(),
        TicketType::GENERAL.into(),
        i64::from(new.details.capacity.get()).into(),
    ];
    execute(on, sql, values).await
}

pub(crate) async fn find(
    on: &impl ConnectionTrait,
    id: EventId,
) -> Result<Option<Event>, StoreError> {
    let sql = concat!(
        "SELECT ",
        event_columns!(),
        " FROM events AS e WHERE e.id = ?"
    );
    let found = row(on, sql, [id.to_string().into()]).await?;
    found.as_ref().map(event).transpose()
}

/// All under the write lock: nothing comes between the look and the changes. What can be refused comes
/// first: a refused change has changed nothing.
async fn update(
    on: &impl ConnectionTrait,
    id: EventId,
    edit: &EventEdit,
) -> Result<Updated, StoreError> {
    let key = edit.key.as_ref();
    if event_keys::is_taken(on, key).await? {
        return Ok(Updated::KeyTaken);
    }
    let Some(before) = find(on, id).await? else {
        return Ok(Updated::NotFound);
    };
    if !edit.expected.includes(before.version.revision) {
        return Ok(Updated::Outdated);
    }
    if let Some(capacity) = edit.change.capacity
        && !set_capacity(on, id, capacity.get()).await?
    {
        return Ok(Updated::BelowSold);
    }
    change_event(on, id, &edit.change, edit.at).await?;
    let after = find(on, id).await?.ok_or_else(|| unreadable("id"))?;
    event_keys::remember(on, key, Some(&after)).await?;
    Ok(Updated::Done(Box::new(Edited { before, after })))
}

/// Moves the total and with it what is available, unless more than the new total is sold or held.
async fn set_capacity(
    on: &impl ConnectionTrait,
    id: EventId,
    total: u32,
) -> Result<bool, StoreError> {
    let sql = "UPDATE event_stock \
               SET total = ?3, available = available + ?3 - total, sv = sv + 1 \
               WHERE event_id = ?1 AND ticket_type = ?2 AND total - available <= ?3";
    let values: [Value; 3] = [
        id.to_string().into(),
        TicketType::GENERAL.into(),
        i64::from(total).into(),
    ];
    Ok(execute(on, sql, values).await? > 0)
}

async fn change_event(
    on: &impl ConnectionTrait,
    id: EventId,
    change: &EventChange,
    at: Timestamp,
) -> Result<u64, StoreError> {
    let sql = "UPDATE events SET title = COALESCE(?2, title), \
               description = COALESCE(?3, description), date = COALESCE(?4, date), \
               location = COALESCE(?5, location), metadata = COALESCE(?6, metadata), \
               updated_at = ?7, revision = revision + 1 WHERE id = ?1";
    let values: [Value; 7] = [
        id.to_string().into(),
        change
            .title
            .as_ref()
            .map(|title| title.as_str().to_owned())
            .into(),
        change
            .description
            .as_ref()
            .map(|text| text.as_str().to_owned())
            .into(),
        change.date.map(Timestamp::millis).into(),
        change
            .location
            .as_ref()
            .map(|place| place.as_str().to_owned())
            .into(),
        change.metadata.as_ref().map(metadata_text).into(),
        at.millis().into(),
    ];
    execute(on, sql, values).await
}
