//! [`StockSurvey`] and [`StockRepair`] in MongoDB.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{ClosingToken, ReservationId, TicketType};
use domain::verify::{
    ClosedBy, CorrectStock, EventStock, HeldTickets, StockRepair, StockSurvey, Surveyed, TypeStock,
};
use futures_util::TryStreamExt;
use mongodb::bson::{Bson, DateTime, Document, doc};

use crate::connection::{MongoDatabase, bounded};
use crate::error::MongoError;
use crate::event_document::{id, integer, object_id, text};
use crate::stock::correction;

/// The longest that a read takes: no client waits for it, and some documents have thousands of holds.
const READ_LIMIT: Duration = Duration::from_secs(30);

/// [`StockSurvey`] and [`StockRepair`] in MongoDB.
#[derive(Clone, Debug)]
pub struct MongoStockSurvey {
    database: MongoDatabase,
}

impl MongoStockSurvey {
    /// Of the events in `database`.
    pub fn new(database: MongoDatabase) -> Self {
        Self { database }
    }

    async fn find(
        &self,
        filter: Document,
        fields: Document,
        limit: usize,
    ) -> Result<Vec<Document>, MongoError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        bounded(READ_LIMIT, async {
            let events = self.database.events();
            let find = events.find(filter).projection(fields);
            let cursor = find
                .sort(doc! { "_id": 1 })
                .limit(i64::try_from(limit).unwrap_or(i64::MAX))
                .batch_size(u32::try_from(limit).unwrap_or(u32::MAX))
                .max_time(READ_LIMIT)
                .await?;
            Ok(cursor.try_collect().await?)
        })
        .await
    }
}

fn among(events: &[EventId]) -> Document {
    let ids: Vec<Bson> = events.iter().map(|id| object_id(*id).into()).collect();
    doc! { "_id": { "$in": ids } }
}

#[async_trait]
impl StockSurvey for MongoStockSurvey {
    async fn ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError> {
        let filter = match after {
            Some(after) => doc! { "_id": { "$gt": object_id(after) } },
            None => Document::new(),
        };
        let found = self.find(filter, doc! { "_id": 1 }, limit).await?;
        let ids = found.iter().map(id);
        Ok(ids.collect::<Result<_, MongoError>>()?)
    }

    async fn stocks(&self, events: &[EventId]) -> Result<Vec<Surveyed>, StoreError> {
        // Ages are computed here from the server's time: an expression over what is damaged would fail the
        // whole read.
        let fields = doc! {
            "stock": 1, "totalTickets": 1, "availableTickets": 1, "holds": 1, "closing": 1, "sv": 1,
            "now": "$$NOW",
        };
        let found = self.find(among(events), fields, events.len()).await?;
        let read = |document: &Document| {
            let id = id(document)?;
            Ok(match event_stock(id, document) {
                Ok(stock) => Surveyed::Stock(stock),
                Err(_) => Surveyed::Unreadable(id),
            })
        };
        Ok(found.iter().map(read).collect::<Result<_, MongoError>>()?)
    }

    async fn versions(&self, events: &[EventId]) -> Result<Vec<(EventId, u64)>, StoreError> {
        let found = self
            .find(among(events), doc! { "sv": 1 }, events.len())
            .await?;
        let read = |document: &Document| Ok((id(document)?, version(document).unwrap_or_default()));
        Ok(found.iter().map(read).collect::<Result<_, MongoError>>()?)
    }
}

#[async_trait]
impl StockRepair for MongoStockSurvey {
    async fn correct(
        &self,
        event: EventId,
        token: ClosingToken,
        version: u64,
        types: &[CorrectStock],
    ) -> Result<(), StoreError> {
        Ok(correction::apply(&self.database, event, token, version, types).await?)
    }
}

fn version(document: &Document) -> Result<u64, MongoError> {
    u64::try_from(integer(document, "sv")?).map_err(|_| MALFORMED)
}

const MALFORMED: MongoError = MongoError::Malformed("an event's stock cannot be read");

fn event_stock(event_id: EventId, document: &Document) -> Result<EventStock, MongoError> {
    let now = document.get_datetime("now").map_err(|_| MALFORMED)?;
    let stock = document.get_document("stock").map_err(|_| MALFORMED)?;
    let lots = document.get_array("holds").map_err(|_| MALFORMED)?;
    let closing = match document.get("closing") {
        None => None,
        Some(closing) => Some(closed_by(closing.as_document().ok_or(MALFORMED)?, *now)?),
    };
    let types: BTreeMap<TicketType, TypeStock> =
        stock.iter().map(type_stock).collect::<Result<_, _>>()?;
    // What clients are shown must be what is sold.
    let sum = |of: fn(&TypeStock) -> i64| types.values().map(of).sum::<i64>();
    let sums = (sum(|stock| stock.total), sum(|stock| stock.available));
    let shown = (
        integer(document, "totalTickets")?,
        integer(document, "availableTickets")?,
    );
    if sums != shown {
        return Err(MALFORMED);
    }
    Ok(EventStock {
        event_id,
        version: version(document)?,
        types,
        holds: lots
            .iter()
            .map(|lot| held(lot.as_document().ok_or(MALFORMED)?, *now))
            .collect::<Result<Vec<_>, _>>()?
            .concat(),
        closing,
    })
}

fn type_stock((key, value): (&String, &Bson)) -> Result<(TicketType, TypeStock), MongoError> {
    let key = TicketType::parse(key).map_err(|_| MALFORMED)?;
    let value = value.as_document().ok_or(MALFORMED)?;
    let stock = TypeStock {
        total: integer(value, "total")?,
        available: integer(value, "available")?,
        returned: integer(value, "returned")?,
    };
    Ok((key, stock))
}

fn held(lot: &Document, now: DateTime) -> Result<Vec<HeldTickets>, MongoError> {
    let ids = match (lot.get("reservationIds"), lot.get("reservationId")) {
        (Some(ids), None) => ids.as_array().ok_or(MALFORMED)?,
        // As instances of the version before leave it.
        (None, Some(id)) => std::slice::from_ref(id),
        _ => return Err(MALFORMED),
    };
    let ticket_type = TicketType::parse(&text(lot, "ticketType")?).map_err(|_| MALFORMED)?;
    let (quantity, age) = (integer(lot, "quantity")?, age(lot, now)?);
    let held = |id: &Bson| {
        let id = id.as_str().and_then(ReservationId::parse);
        Ok(HeldTickets {
            reservation_id: id.ok_or(MALFORMED)?,
            ticket_type: ticket_type.clone(),
            quantity,
            age,
        })
    };
    ids.iter().map(held).collect()
}

fn closed_by(closing: &Document, now: DateTime) -> Result<ClosedBy, MongoError> {
    let token = ClosingToken::parse(&text(closing, "token")?);
    Ok(ClosedBy {
        token: token.ok_or(MALFORMED)?,
        age: age(closing, now)?,
    })
}

fn age(document: &Document, now: DateTime) -> Result<Duration, MongoError> {
    let at = document.get_datetime("at").map_err(|_| MALFORMED)?;
    let millis = now.timestamp_millis().saturating_sub(at.timestamp_millis());
    Ok(Duration::from_millis(
        u64::try_from(millis).unwrap_or_default(),
    ))
}
