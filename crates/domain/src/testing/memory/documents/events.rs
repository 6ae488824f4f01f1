//! The events.

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::Value;

use super::{EventDocument, MemoryDocuments, TypeStock};
use crate::cursor::{Moment, Start};
use crate::error::StoreError;
use crate::event::{
    Edited, Event, EventEdit, EventFilter, EventId, EventOrder, EventQuery, EventRepository,
    EventSummary, EventVersion, InsertEventError, NewEvent, UpdateEventError,
};
use crate::idempotency::Remembered;
use crate::stock::{KeyHash, TicketType};
use crate::time::Timestamp;

impl EventDocument {
    fn new(new: &NewEvent) -> Self {
        let (details, tickets) = (new.details.clone(), new.details.capacity.get());
        let stock = TypeStock {
            total: tickets,
            available: tickets,
            returned: 0,
        };
        Self {
            event: Event {
                id: new.id,
                title: details.title,
                description: details.description,
                date: details.date,
                location: details.location,
                total_tickets: tickets,
                available_tickets: tickets,
                metadata: details.metadata,
                created_by: new.created_by,
                created_at: new.created_at,
                updated_at: new.created_at,
                version: EventVersion::FIRST,
            },
            types: BTreeMap::from([(TicketType::general(), stock)]),
            holds: Vec::new(),
            closing: None,
            version: 0,
        }
    }

    /// Moves the stock to a new total, or nothing at all when more than that is sold or held.
    fn set_capacity(&mut self, total: u32) -> Result<(), UpdateEventError> {
        let stock = self.types.entry(TicketType::general()).or_default();
        let sold = stock.total - stock.available;
        stock.available = total
            .checked_sub(sold)
            .ok_or(UpdateEventError::CapacityBelowSold)?;
        stock.total = total;
        self.version += 1;
        Ok(())
    }

    fn change(&mut self, edit: &EventEdit) -> Result<Edited, UpdateEventError> {
        let before = self.as_event();
        if !edit.expected.includes(before.version.revision) {
            return Err(UpdateEventError::Outdated);
        }
        // The one step that can fail comes first: a change is made whole or not at all.
        if let Some(capacity) = edit.change.capacity {
            self.set_capacity(capacity.get())?;
        }
        self.event = edit.change.made_to(&self.event, edit.at);
        Ok(Edited {
            before,
            after: self.as_event(),
        })
    }
}

fn place(event: &Event) -> (Timestamp, [u8; 12]) {
    (event.date, event.id.bytes())
}

fn is_wanted(event: &Event, filter: &EventFilter) -> bool {
    let tags = event.metadata.as_map().get("tags");
    filter.has_words(event)
        && filter.from.is_none_or(|from| event.date >= from)
        && filter.to.is_none_or(|to| event.date < to)
        && filter.tag.as_ref().is_none_or(|tag| match tags {
            Some(Value::Array(tags)) => tags.iter().any(|one| one == tag.as_str()),
            Some(only) => only == tag.as_str(),
            None => false,
        })
        && (!filter.available || event.available_tickets > 0)
}

#[async_trait]
impl EventRepository for MemoryDocuments {
    async fn insert(&self, event: &NewEvent) -> Result<Event, InsertEventError> {
        let mut collections = self.open()?;
        if collections.events.contains_key(&event.id) {
            return Err(StoreError::unexpected(Self::NAME, "the event id is taken").into());
        }
        if !collections.is_free(event.key.as_ref()) {
            return Err(InsertEventError::KeyTaken);
        }
        let document = EventDocument::new(event);
        let stored = document.as_event();
        collections.remember(event.key.as_ref(), Some(&stored));
        collections.events.insert(event.id, document);
        Ok(stored)
    }

    async fn find_by_key(&self, key: &KeyHash) -> Result<Option<Remembered>, StoreError> {
        Ok(self.open()?.keys.get(key).cloned())
    }

    async fn find(&self, id: EventId) -> Result<Option<Event>, StoreError> {
        Ok(self.open()?.events.get(&id).map(EventDocument::as_event))
    }

    async fn find_many(&self, ids: &[EventId]) -> Result<Vec<Event>, StoreError> {
        let collections = self.open()?;
        let documents = ids.iter().filter_map(|id| collections.events.get(id));
        Ok(documents.map(EventDocument::as_event).collect())
    }

    async fn summaries(&self, ids: &[EventId]) -> Result<Vec<EventSummary>, StoreError> {
        let collections = self.open()?;
        let documents = ids.iter().filter_map(|id| collections.events.get(id));
        Ok(documents
            .map(|document| EventSummary {
                id: document.event.id,
                title: document.event.title.clone(),
                date: document.event.date,
                location: document.event.location.clone(),
            })
            .collect())
    }

    async fn list(
        &self,
        query: &EventQuery,
        start: Start<Moment>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let collections = self.open()?;
        let all = collections.events.values().map(EventDocument::as_event);
        let mut wanted: Vec<Event> = all
            .filter(|event| is_wanted(event, &query.filter))
            .collect();
        wanted.sort_by_key(place);
        if query.order == EventOrder::LatestFirst {
            wanted.reverse();
        }
        let skipped = match start.position() {
            None => usize::try_from(start.offset()).unwrap_or(usize::MAX),
            Some(last) => {
                let read = |event: &Event| match query.order {
                    EventOrder::EarliestFirst => place(event) <= (last.at, last.id),
                    EventOrder::LatestFirst => place(event) >= (last.at, last.id),
                };
                wanted.partition_point(read)
            }
        };
        Ok(wanted.into_iter().skip(skipped).take(limit).collect())
    }

    async fn count(&self, filter: &EventFilter) -> Result<u64, StoreError> {
        let collections = self.open()?;
        let all = collections.events.values().map(EventDocument::as_event);
        Ok(all.filter(|event| is_wanted(event, filter)).count() as u64)
    }

    async fn update(&self, id: EventId, edit: &EventEdit) -> Result<Edited, UpdateEventError> {
        let mut collections = self.open()?;
        if !collections.is_free(edit.key.as_ref()) {
            return Err(UpdateEventError::KeyTaken);
        }
        let document = collections
            .events
            .get_mut(&id)
            .ok_or(UpdateEventError::NotFound)?;
        let edited = document.change(edit)?;
        collections.remember(edit.key.as_ref(), Some(&edited.after));
        Ok(edited)
    }
}
