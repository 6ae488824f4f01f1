//! The events.

use std::collections::BTreeMap;

use async_trait::async_trait;

use super::super::page_of;
use super::{EventDocument, MemoryDocuments, TypeStock};
use crate::error::StoreError;
use crate::event::{
    Edited, Event, EventEdit, EventId, EventRepository, EventSummary, EventVersion,
    InsertEventError, NewEvent, UpdateEventError,
};
use crate::idempotency::Remembered;
use crate::page::{Page, PageRequest};
use crate::stock::{KeyHash, TicketType};

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

    fn change(&mut self, edit: &EventEdit, key_is_free: bool) -> Result<Edited, UpdateEventError> {
        let before = self.as_event();
        if !edit.expected.includes(before.version.revision) {
            return Err(UpdateEventError::Outdated);
        }
        if !key_is_free {
            return Err(UpdateEventError::KeyTaken);
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

    async fn list(&self, page: PageRequest) -> Result<Page<Event>, StoreError> {
        let collections = self.open()?;
        let mut all: Vec<&EventDocument> = collections.events.values().collect();
        all.sort_by_key(|document| (document.event.date, document.event.id));
        Ok(page_of(&all, page, EventDocument::as_event))
    }

    async fn update(&self, id: EventId, edit: &EventEdit) -> Result<Edited, UpdateEventError> {
        let mut collections = self.open()?;
        let key_is_free = collections.is_free(edit.key.as_ref());
        let document = collections
            .events
            .get_mut(&id)
            .ok_or(UpdateEventError::NotFound)?;
        let edited = document.change(edit, key_is_free)?;
        collections.remember(edit.key.as_ref(), Some(&edited.after));
        Ok(edited)
    }
}
