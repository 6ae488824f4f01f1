//! A store with events in it, and what is asked of them.

use std::sync::LazyLock;

use adapters_mongo::{MongoEventRepository, MongoStockRepository};
use domain::booking::Quantity;
use domain::event::{
    Capacity, Description, EventChange, EventDetails, EventEdit, EventId, EventRepository,
    ExpectedRevision, Location, Metadata, NewEvent, Title,
};
use domain::runtime::IdGenerator;
use domain::stock::{
    ClosingToken, Reservation, ReserveOutcome, StockBatch, StockRepository, TicketType,
};
use domain::testing::SequentialIds;
use domain::time::Timestamp;
use domain::user::UserId;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};

use crate::support::TestDatabase;

static IDS: LazyLock<SequentialIds> = LazyLock::new(SequentialIds::new);

pub(crate) struct Store {
    pub(crate) database: TestDatabase,
    pub(crate) events: MongoEventRepository,
    pub(crate) stock: MongoStockRepository,
}

impl Store {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::new().await;
        Self {
            events: MongoEventRepository::new(database.adapter.clone()),
            stock: MongoStockRepository::new(database.adapter.clone()),
            database,
        }
    }

    pub(crate) async fn event(&self, tickets: i64) -> EventId {
        self.insert(new_event(
            tickets,
            Timestamp::from_millis(32_503_680_000_000),
        ))
        .await
    }

    pub(crate) async fn insert(&self, event: NewEvent) -> EventId {
        self.events.insert(&event).await.unwrap().id
    }

    pub(crate) async fn reserve(&self, wishes: Vec<Reservation>) -> Vec<ReserveOutcome> {
        let batch = StockBatch {
            settle: Vec::new(),
            reserve: wishes,
        };
        self.stock.reserve(&batch).await.unwrap()
    }

    /// The event's document with everything in it.
    pub(crate) async fn document(&self, event: EventId) -> Document {
        let events = self.database.raw.collection::<Document>("events");
        events
            .find_one(by_id(event))
            .await
            .unwrap()
            .expect("the event is there")
    }

    /// Changes an event as an operator with a shell would.
    pub(crate) async fn edit(&self, event: EventId, set: Document) -> mongodb::error::Result<()> {
        let events = self.database.raw.collection::<Document>("events");
        events
            .update_one(by_id(event), doc! { "$set": set })
            .await
            .map(drop)
    }

    /// How many writes to events the server has in its log of changes.
    pub(crate) async fn writes(&self) -> u64 {
        let log = self
            .database
            .raw
            .client()
            .database("local")
            .collection::<Document>("oplog.rs");
        let events = format!("{}.events", self.database.raw.name());
        let of_events = doc! { "$or": [{ "ns": &events }, { "o.applyOps.ns": &events }] };
        log.count_documents(of_events).await.unwrap()
    }
}

pub(crate) fn by_id(event: EventId) -> Document {
    doc! { "_id": ObjectId::from_bytes(event.bytes()) }
}

pub(crate) fn token() -> ClosingToken {
    IDS.closing_token()
}

/// An edit without a key, at the beginning of 1970.
pub(crate) fn edit(change: &EventChange, expected: ExpectedRevision) -> EventEdit {
    EventEdit {
        change: change.clone(),
        expected,
        at: Timestamp::from_millis(0),
        key: None,
    }
}

pub(crate) fn new_event(tickets: i64, date: Timestamp) -> NewEvent {
    NewEvent {
        id: IDS.event_id(),
        details: EventDetails {
            title: Title::parse("Rust Conference").unwrap(),
            description: Description::parse("Talks").unwrap(),
            date,
            location: Location::parse("Hall 1").unwrap(),
            capacity: Capacity::new(tickets).unwrap(),
            metadata: Metadata::default(),
        },
        created_by: UserId::new(1),
        created_at: Timestamp::from_millis(1_735_689_599_987),
        key: None,
    }
}

pub(crate) fn reservation(event: EventId, tickets: i64) -> Reservation {
    Reservation {
        id: IDS.reservation_id(),
        event_id: event,
        ticket_type: TicketType::general(),
        user_id: UserId::new(7),
        quantity: Quantity::new(tickets).unwrap(),
        key_hash: None,
    }
}

/// The holds in a document: the id of each, and of how many tickets it is.
pub(crate) fn holds(document: &Document) -> Vec<(String, i64)> {
    let lots = document.get_array("holds").unwrap().iter();
    let lots = lots.map(|lot| lot.as_document().unwrap());
    let holds = lots.flat_map(|lot| {
        let ids = lot.get_array("reservationIds").unwrap().iter();
        let quantity = lot.get_i64("quantity").unwrap();
        ids.map(move |id| (id.as_str().unwrap().to_owned(), quantity))
    });
    holds.collect()
}
