//! Looking at the stock of all events, and correcting it.

use std::ops::Bound;
use std::time::Duration;

use async_trait::async_trait;

use super::{EventDocument, MemoryDocuments, TypeStock};
use crate::error::StoreError;
use crate::event::EventId;
use crate::stock::{ClosingToken, TicketType};
use crate::time::Timestamp;
use crate::verify::{
    ClosedBy, CorrectStock, EventStock, HeldTickets, StockRepair, StockSurvey, Surveyed,
    TypeStock as SurveyedStock,
};

impl EventDocument {
    fn survey(&self, now: Timestamp) -> EventStock {
        let stock = |stock: &TypeStock| SurveyedStock {
            total: stock.total.into(),
            available: stock.available.into(),
            returned: i64::try_from(stock.returned).unwrap_or(i64::MAX),
        };
        let types = self.types.iter();
        let holds = self.holds.iter();
        EventStock {
            event_id: self.event.id,
            version: self.version,
            types: types
                .map(|(key, types)| (key.clone(), stock(types)))
                .collect(),
            holds: holds
                .map(|entry| HeldTickets {
                    reservation_id: entry.hold.at.reservation_id,
                    ticket_type: entry.hold.ticket_type.clone(),
                    quantity: entry.hold.quantity.get().into(),
                    age: age(entry.at, now),
                })
                .collect(),
            closing: self.closing.map(|(token, at)| ClosedBy {
                token,
                age: age(at, now),
            }),
        }
    }

    fn correct(&mut self, types: &[CorrectStock]) -> Result<(), StoreError> {
        for correct in types {
            let number = |n: i64| {
                u32::try_from(n)
                    .map_err(|_| StoreError::unexpected(MemoryDocuments::NAME, "no stock"))
            };
            let (available, returned) = (number(correct.available)?, number(correct.returned)?);
            if let Some(stock) = self.types.get_mut(&correct.ticket_type) {
                stock.available = available;
                stock.returned = returned.into();
            }
        }
        self.version += 1;
        Ok(())
    }
}

fn age(at: Timestamp, now: Timestamp) -> Duration {
    let millis = now.millis().saturating_sub(at.millis());
    Duration::from_millis(u64::try_from(millis).unwrap_or_default())
}

impl MemoryDocuments {
    /// Changes the available tickets as no step of Boxoffice would: damage for a test to find.
    pub fn damage(&self, event: EventId, ticket_type: &TicketType, available: u32) {
        let mut collections = self.collections();
        let document = collections.events.get_mut(&event);
        let stock = document.and_then(|document| document.types.get_mut(ticket_type));
        if let Some(stock) = stock {
            stock.available = available;
        }
    }

    /// Loses an event, as a store that was restored to an earlier day.
    pub fn lose(&self, event: EventId) {
        self.collections().events.remove(&event);
    }
}

#[async_trait]
impl StockSurvey for MemoryDocuments {
    async fn ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        let collections = self.open()?;
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let ids = collections.events.range((from, Bound::Unbounded));
        Ok(ids.take(limit).map(|(id, _)| *id).collect())
    }

    async fn stocks(&self, events: &[EventId]) -> Result<Vec<Surveyed>, StoreError> {
        let now = self.clock.now();
        let collections = self.open()?;
        let documents = events.iter().filter_map(|id| collections.events.get(id));
        Ok(documents
            .map(|document| Surveyed::Stock(document.survey(now)))
            .collect())
    }

    async fn versions(&self, events: &[EventId]) -> Result<Vec<(EventId, u64)>, StoreError> {
        let collections = self.open()?;
        let documents = events.iter().filter_map(|id| collections.events.get(id));
        Ok(documents
            .map(|document| (document.event.id, document.version))
            .collect())
    }
}

#[async_trait]
impl StockRepair for MemoryDocuments {
    async fn correct(
        &self,
        event: EventId,
        token: ClosingToken,
        version: u64,
        types: &[CorrectStock],
    ) -> Result<(), StoreError> {
        let mut collections = self.open()?;
        match collections.events.get_mut(&event) {
            Some(document)
                if document.version == version
                    && document.closing.map(|(holder, _)| holder) == Some(token) =>
            {
                document.correct(types)
            }
            _ => Ok(()),
        }
    }
}
