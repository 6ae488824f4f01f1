//! The event use cases.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::try_join;

use super::deletion::Deletion;
use super::{
    CreateEventError, DeleteEventError, Event, EventChange, EventDetails, EventEdit, EventId,
    EventList, EventQuery, EventRepository, EventUseCases, ExpectedRevision, InsertEventError,
    NewEvent, UpdateError, UpdateEventError,
};
use crate::audit::{Action, AuditBuffer, AuditRecord};
use crate::booking::BookingRepository;
use crate::cursor::{Moment, Start, Stretch};
use crate::error::Failure;
use crate::grouping::GroupedReads;
use crate::idempotency::{Done, KeyClaim, KeyError, KeyUse, Remembered, RequestKeys};
use crate::page::PageSize;
use crate::request::{Identity, Origin};
use crate::runtime::Runtime;
use crate::stock::{Settler, StockRepository};

/// The smallest step of time.
const A_MOMENT: Duration = Duration::from_millis(1);
/// The most events of one read.
const MAX_READ: usize = 100;

/// What events work with.
#[derive(Clone)]
pub struct EventPorts {
    /// The events.
    pub events: Arc<dyn EventRepository>,
    /// Their stock.
    pub stock: Arc<dyn StockRepository>,
    /// The bookings, which an event must not have to be deleted.
    pub bookings: Arc<dyn BookingRepository>,
    /// Settles holds.
    pub settler: Arc<Settler>,
    /// Takes audit records.
    pub audit: Arc<AuditBuffer>,
    /// The machine.
    pub runtime: Runtime,
}

/// The event use cases.
pub struct EventService {
    ports: EventPorts,
    keys: RequestKeys,
    deadline: Duration,
    reads: GroupedReads<EventId, Event>,
}

impl EventService {
    /// The use cases on `ports`; `deadline` is the longest that a client waits for a deletion.
    pub fn new(ports: EventPorts, deadline: Duration) -> Self {
        let reads = grouped_reads(&ports);
        let keys = RequestKeys {
            bookings: Arc::clone(&ports.bookings),
            events: Arc::clone(&ports.events),
            runtime: ports.runtime.clone(),
        };
        Self {
            ports,
            keys,
            deadline,
            reads,
        }
    }

    fn record(&self, action: Action, by: Identity, origin: &Origin, event: EventId) -> AuditRecord {
        let runtime = &self.ports.runtime;
        AuditRecord::new(runtime.ids.audit_id(), runtime.clock.now(), action, origin)
            .by(by)
            .on_event(event)
    }

    async fn make(
        &self,
        details: EventDetails,
        by: Identity,
        key: Option<KeyClaim>,
        origin: &Origin,
    ) -> Result<Event, CreateEventError> {
        let runtime = &self.ports.runtime;
        let (id, created_at) = (runtime.ids.event_id(), runtime.clock.now());
        let new = NewEvent {
            id,
            details,
            created_by: by.user_id,
            created_at,
            key,
        };
        let event = match self.ports.events.insert(&new).await {
            Ok(event) => event,
            Err(InsertEventError::KeyTaken) => return Err(KeyError::InProgress.into()),
            Err(InsertEventError::Store(error)) => return Err(Failure::from(error).into()),
        };
        let record = self.record(Action::CreateEvent, by, origin, id);
        self.ports
            .audit
            .push(record.with("after", event.named(&Event::FIELDS)));
        Ok(event)
    }

    async fn edit(
        &self,
        id: EventId,
        edit: EventEdit,
        by: Identity,
        origin: &Origin,
    ) -> Result<Event, UpdateError> {
        let fields = edit.change.fields();
        let record = self
            .record(Action::UpdateEvent, by, origin, id)
            .with("fields", fields.clone());
        match self.ports.events.update(id, &edit).await {
            Ok(edited) => {
                let record = record
                    .with("before", edited.before.named(&fields))
                    .with("after", edited.after.named(&fields));
                self.ports.audit.push(record);
                Ok(edited.after)
            }
            Err(UpdateEventError::NotFound) => Err(UpdateError::NotFound),
            Err(UpdateEventError::KeyTaken) => Err(KeyError::InProgress.into()),
            Err(UpdateEventError::Outdated) => {
                self.ports.audit.push(record.failed());
                Err(UpdateError::Outdated)
            }
            Err(UpdateEventError::CapacityBelowSold) => {
                self.ports.audit.push(record.failed());
                Err(UpdateError::CapacityBelowSold)
            }
            Err(UpdateEventError::Store(error)) => Err(Failure::from(error).into()),
        }
    }

    async fn remove(
        &self,
        id: EventId,
        expected: ExpectedRevision,
        by: Identity,
        key: Option<KeyClaim>,
        origin: &Origin,
    ) -> Result<(), DeleteEventError> {
        let deletion = Deletion {
            stock: Arc::clone(&self.ports.stock),
            bookings: Arc::clone(&self.ports.bookings),
            settler: Arc::clone(&self.ports.settler),
            runtime: self.ports.runtime.clone(),
        };
        let work = async move { deletion.run(id, expected, key).await };
        let result = self
            .ports
            .runtime
            .in_own_task(self.deadline, work)
            .await
            .unwrap_or_else(|| {
                Err(Failure::unavailable("the deadline passed before the outcome was known").into())
            });
        let record = self.record(Action::DeleteEvent, by, origin, id);
        match &result {
            Ok(event) => {
                let before = event.named(&Event::FIELDS);
                self.ports.audit.push(record.with("before", before));
            }
            Err(DeleteEventError::HasBookings | DeleteEventError::Outdated) => {
                self.ports.audit.push(record.failed());
            }
            Err(_) => {}
        }
        result.map(drop)
    }
}

/// The event that an earlier request was answered with.
fn answered(earlier: Remembered) -> Result<Event, Failure> {
    let event = earlier.event;
    event.ok_or_else(|| Failure::Unexpected("a key is remembered without its answer".into()))
}

/// Reads of events, shared by those who ask for one while a read is on its way.
fn grouped_reads(ports: &EventPorts) -> GroupedReads<EventId, Event> {
    let events = Arc::clone(&ports.events);
    GroupedReads::new(
        "event",
        Arc::clone(&ports.runtime.spawner),
        MAX_READ,
        Box::new(move |ids| {
            let events = Arc::clone(&events);
            Box::pin(async move {
                let found = events.find_many(&ids).await?.into_iter();
                Ok(found.map(|event| (event.id, event)).collect())
            })
        }),
    )
}

#[async_trait]
impl EventUseCases for EventService {
    async fn create(
        &self,
        details: EventDetails,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<Event>, CreateEventError> {
        let claim = self.keys.claim(by, key);
        let work = self.make(details, by, claim.clone(), origin);
        let replay = |earlier| async { Ok(answered(earlier)?) };
        self.keys.once(by, claim.as_ref(), work, replay).await
    }

    async fn update(
        &self,
        id: EventId,
        change: EventChange,
        expected: ExpectedRevision,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<Event>, UpdateError> {
        let claim = self.keys.claim(by, key);
        let edit = EventEdit {
            change,
            expected,
            at: self.ports.runtime.clock.now(),
            key: claim.clone(),
        };
        let work = self.edit(id, edit, by, origin);
        let replay = |earlier| async { Ok(answered(earlier)?) };
        self.keys.once(by, claim.as_ref(), work, replay).await
    }

    async fn delete(
        &self,
        id: EventId,
        expected: ExpectedRevision,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<()>, DeleteEventError> {
        let claim = self.keys.claim(by, key);
        let work = self.remove(id, expected, by, claim.clone(), origin);
        let replay = |_| async { Ok(()) };
        self.keys.once(by, claim.as_ref(), work, replay).await
    }

    async fn fetch(&self, id: EventId) -> Result<Option<Event>, Failure> {
        let found = self.reads.ask(id).await;
        let found = found.map_err(|_| Failure::unavailable("the read of the event broke off"))?;
        Ok(found?)
    }

    async fn list(
        &self,
        mut query: EventQuery,
        start: Start<Moment>,
        size: PageSize,
    ) -> Result<EventList, Failure> {
        if query.filter.available {
            // What has begun cannot be booked any more.
            let soonest = Some(self.ports.runtime.clock.now().plus(A_MOMENT));
            query.filter.from = query.filter.from.max(soonest);
        }
        let events = &self.ports.events;
        let rows = events.list(&query, start, size.get() + 1);
        let total = async {
            match start {
                Start::Offset(_) => events.count(&query.filter).await.map(Some),
                Start::After(_) => Ok(None),
            }
        };
        let (rows, total) = try_join!(rows, total)?;
        let events = Stretch::cut(rows, size.get(), Event::position);
        Ok(EventList { events, total })
    }
}
