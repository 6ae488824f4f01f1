//! The events.

use std::sync::Arc;

use async_trait::async_trait;
use domain::cursor::{Moment, Start};
use domain::error::StoreError;
use domain::event::{
    Edited, Event, EventEdit, EventFilter, EventId, EventQuery, EventRepository, EventSummary,
    ExpectedRevision, InsertEventError, NewEvent, UpdateEventError,
};
use domain::idempotency::Remembered;
use domain::stock::KeyHash;
use domain::time::Timestamp;
use tokio::time::sleep;

use super::command::{self, Step};
use super::document::{Document, Outcome};
use super::replica_set::{Collections, Entry};
use super::{Documents, lost};
use crate::line::Lost;
use crate::mutation::Mutation;

impl Documents {
    async fn among(&self, ids: &[EventId]) -> Result<Vec<Event>, StoreError> {
        let ids = ids.to_vec();
        let read = command::read(&self.0, "read events", move |copy: &Collections, _| {
            let found = ids.iter().filter_map(|id| copy.events.get(id));
            found.map(Document::event).collect()
        });
        read.await.map_err(lost)
    }

    /// The event with its new total; `None` if the filter, which asks for the event and that no more is
    /// sold, finds nothing.
    async fn resize(
        &self,
        id: EventId,
        total: i64,
        expected: &ExpectedRevision,
        at: Timestamp,
    ) -> Result<Option<Document>, Lost> {
        let expected = expected.clone();
        let step: Step = if self.0.world.has(Mutation::ReadThenResize) {
            let read = command::read(&self.0, "read the event", move |copy, _| {
                copy.events.get(&id).cloned()
            });
            let Some(before) = read.await? else {
                return Ok(None);
            };
            sleep(self.0.world.dwell()).await;
            let available = before.available + total - before.total;
            Arc::new(move |document, _| {
                if available < 0 {
                    return Outcome::NoMatch;
                }
                match document.resize(total, &expected, at) {
                    Outcome::Changed(resized) => Outcome::Changed(Document {
                        available,
                        ..resized
                    }),
                    other => other,
                }
            })
        } else if self.0.world.has(Mutation::ReadThenEdit) {
            let read = command::read(&self.0, "read the event", move |copy, _| {
                copy.events.get(&id).map(|it| it.is_expected(&expected))
            });
            if read.await? != Some(true) {
                return Ok(None);
            }
            sleep(self.0.world.dwell()).await;
            Arc::new(move |document, _| document.resize(total, &ExpectedRevision::Any, at))
        } else {
            Arc::new(move |document, _| document.resize(total, &expected, at))
        };
        let what = format!("resize to {total}");
        let sent = command::send(&self.0, &what, vec![(id, step)]).await?;
        Ok(sent.changed.into_iter().next().flatten())
    }
}

#[async_trait]
impl EventRepository for Documents {
    /// The load makes and changes events without keys.
    async fn insert(&self, event: &NewEvent) -> Result<Event, InsertEventError> {
        let document = Document::new(event);
        let stored = document.event();
        let entry = Entry::Event(event.id, Some(document));
        let inserted = command::insert(&self.0, "insert an event", vec![entry]).await;
        inserted.map_err(lost)?;
        Ok(stored)
    }

    async fn find_by_key(&self, _key: &KeyHash) -> Result<Option<Remembered>, StoreError> {
        let read = command::read(&self.0, "look for a key", |_, _| None);
        read.await.map_err(lost)
    }

    async fn find(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        Ok(self.among(&[id]).await?.pop())
    }

    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Event>, StoreError> {
        self.among(ids).await
    }

    async fn summaries(&self, ids: &[EventId]) -> Result<Vec<EventSummary>, StoreError> {
        let events = self.among(ids).await?.into_iter();
        let summary = |event: Event| EventSummary {
            id: event.id,
            title: event.title,
            date: event.date,
            location: event.location,
        };
        Ok(events.map(summary).collect())
    }

    /// The load asks for no other list than that of all events.
    async fn list(
        &self,
        _: &EventQuery,
        _: Start<Moment>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let read = command::read(&self.0, "list events", move |copy, _| {
            let rows = copy.events.values().take(limit);
            rows.map(Document::event).collect()
        });
        read.await.map_err(lost)
    }

    async fn count(&self, _: &EventFilter) -> Result<u64, StoreError> {
        let read = command::read(&self.0, "count events", move |copy, _| {
            copy.events.len() as u64
        });
        read.await.map_err(lost)
    }

    /// A new capacity is the only change that the load makes; it is the one that moves the stock.
    async fn update(&self, id: EventId, edit: &EventEdit) -> Result<Edited, UpdateEventError> {
        let expected = &edit.expected;
        let capacity = edit
            .change
            .capacity
            .map(|capacity| i64::from(capacity.get()));
        let Some(total) = capacity else {
            return Err(StoreError::unexpected("mongodb", "the load changes nothing else").into());
        };
        let resized = self.resize(id, total, expected, edit.at).await;
        if let Some(document) = resized.map_err(lost)? {
            let after = document.event();
            // Nobody in the simulation asks what was before.
            return Ok(Edited {
                before: after.clone(),
                after,
            });
        }
        // Read linearizably: no older revision is seen than the one that the edit did not find.
        let last = self.0.world.state().documents.last();
        let found = command::read_after(&self.0, "look why", last, move |copy, _| {
            copy.events.get(&id).map(Document::event)
        });
        Err(match found.await.map_err(lost)? {
            None => UpdateEventError::NotFound,
            Some(event) if !expected.includes(event.version.revision) => UpdateEventError::Outdated,
            Some(_) => UpdateEventError::CapacityBelowSold,
        })
    }
}
