//! The event use cases.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::try_join;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::changes::Change;
use super::{
    CreateEventError, DeleteEventError, Event, EventChange, EventDetails, EventEdit, EventId,
    EventList, EventQuery, EventRepository, EventUseCases, ExpectedRevision, NewEvent, UpdateError,
};
use crate::audit::AuditBuffer;
use crate::booking::BookingRepository;
use crate::cursor::{Moment, Start, Stretch};
use crate::error::Failure;
use crate::grouping::GroupedReads;
use crate::idempotency::{Done, KeyUse, Remembered, RequestKeys};
use crate::page::PageSize;
use crate::request::{Identity, Origin};
use crate::runtime::Runtime;
use crate::stock::{Settler, StockRepository};

/// The smallest step of time.
const A_MOMENT: Duration = Duration::from_millis(1);
/// The most events of one read.
const MAX_READ: usize = 100;
/// The most lists at once that the store looks into event after event for.
const MAX_SEARCHES: usize = 4;
/// How long such a list waits for its turn.
const SEARCH_WAIT: Duration = Duration::from_secs(1);

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
    searches: Arc<Semaphore>,
}

impl EventService {
    /// The use cases on `ports`; `deadline` is the longest that a client waits for a change, which
    /// goes on behind it.
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
            searches: Arc::new(Semaphore::new(MAX_SEARCHES)),
        }
    }

    fn change(&self, by: Identity, origin: &Origin) -> Change {
        Change {
            ports: self.ports.clone(),
            by,
            origin: origin.clone(),
        }
    }

    /// Does `work` in a task of its own, and waits for it no longer than a client does.
    async fn in_own_task<T: Send + 'static, E: From<Failure> + Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, E>> + Send + 'static,
    ) -> Result<T, E> {
        let runtime = &self.ports.runtime;
        let result = runtime.in_own_task(self.deadline, work).await;
        result.unwrap_or_else(|| Err(Failure::too_late().into()))
    }

    /// Waits in line for a place among the searches, but not for long.
    async fn place_to_search(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let place = Arc::clone(&self.searches).acquire_owned();
        let place = self.ports.runtime.within(SEARCH_WAIT, place).await;
        let place = place.and_then(Result::ok);
        place.ok_or_else(|| Failure::unavailable("too many searches at once"))
    }
}

/// The event that an earlier request was answered with.
fn answered(earlier: Remembered) -> Result<Event, Failure> {
    let event = earlier.event;
    event.ok_or_else(|| Failure::Unexpected("a key is remembered without its answer".into()))
}

/// Some of the events of a list, and how many it has in all unless it is walked.
async fn read_list(
    events: Arc<dyn EventRepository>,
    query: EventQuery,
    start: Start<Moment>,
    size: PageSize,
) -> Result<EventList, Failure> {
    let rows = events.list(&query, start, size.get() + 1);
    let total = async {
        match start {
            Start::Offset(_) => events.count(&query.filter).await.map(Some),
            Start::First | Start::After(_) => Ok(None),
        }
    };
    let (rows, total) = try_join!(rows, total)?;
    let events = Stretch::cut(rows, size.get(), Event::position);
    Ok(EventList { events, total })
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
        let runtime = &self.ports.runtime;
        let new = NewEvent {
            id: runtime.ids.event_id(),
            details,
            created_by: by.user_id,
            created_at: runtime.clock.now(),
            key: claim.clone(),
        };
        let work = self.in_own_task(self.change(by, origin).make(new));
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
        let work = self.in_own_task(self.change(by, origin).edit(id, edit));
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
        let removal = self.change(by, origin).remove(id, expected, claim.clone());
        let work = self.in_own_task(removal);
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
        let is_search = query.filter.looks_into_events();
        let list = read_list(Arc::clone(&self.ports.events), query, start, size);
        if !is_search {
            return list.await;
        }
        let place = self.place_to_search().await?;
        // Its place is free again when the store is done, not when the client hangs up.
        self.in_own_task(async move {
            let _place = place;
            list.await
        })
        .await
    }
}
