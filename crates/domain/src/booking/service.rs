//! The booking use cases.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::flow::BookingFlow;
use super::groups::BookingGroups;
use super::meter::{BookMeter, CancelMeter};
use super::{
    BookError, BookTickets, Booking, BookingId, BookingRepository, BookingUseCases,
    BookingWithEvent, CancelError,
};
use crate::error::Failure;
use crate::event::{EventId, EventRepository, EventSummary};
use crate::grouping::{GroupLimits, GroupedReads};
use crate::health::HealthView;
use crate::idempotency::{Done, KeyUse, RequestKeys};
use crate::page::{Page, PageRequest};
use crate::request::{Identity, Origin};
use crate::runtime::Runtime;
use crate::stock::{Relay, Settler, StockRepository};
use crate::user::UserId;

/// The most events of one read.
const MAX_READ: usize = 100;

/// What bookings work with.
#[derive(Clone)]
pub struct BookingPorts {
    /// The bookings.
    pub bookings: Arc<dyn BookingRepository>,
    /// The stock.
    pub stock: Arc<dyn StockRepository>,
    /// The events, for what a booking shows of its event.
    pub events: Arc<dyn EventRepository>,
    /// Which store is away.
    pub health: Arc<dyn HealthView>,
    /// Settles holds.
    pub settler: Arc<Settler>,
    /// Empties the outbox.
    pub relay: Arc<Relay>,
    /// The machine.
    pub runtime: Runtime,
}

/// How bookings are to behave.
#[derive(Debug, Clone, Copy)]
pub struct BookingSettings {
    /// The age at which recovery looks into a hold; a reservation that took longer than half of it is
    /// given up.
    pub grace: Duration,
    /// The longest that a client waits; its work goes on behind it.
    pub deadline: Duration,
    /// How many bookings share round trips, and how many may wait for one.
    pub groups: GroupLimits,
    /// The name under which the bookings' store reports its health.
    pub bookings_store: &'static str,
    /// The name under which the stock's store reports its health.
    pub stock_store: &'static str,
}

/// Books and cancels by the protocol that keeps two databases exact.
pub struct BookingService {
    flow: Arc<BookingFlow>,
    summaries: GroupedReads<EventId, EventSummary>,
    booked: BookMeter,
    cancelled: CancelMeter,
}

impl BookingService {
    /// The use cases on `ports`.
    pub fn new(ports: BookingPorts, settings: BookingSettings) -> Self {
        let summaries = grouped_summaries(&ports);
        let groups = BookingGroups::new(&ports, settings.groups, settings.grace / 2);
        let keys = RequestKeys {
            bookings: Arc::clone(&ports.bookings),
            events: Arc::clone(&ports.events),
            runtime: ports.runtime.clone(),
        };
        let flow = BookingFlow {
            keys,
            ports,
            settings,
            groups: Arc::new(groups),
        };
        Self {
            flow: Arc::new(flow),
            summaries,
            booked: BookMeter::new(),
            cancelled: CancelMeter::new(),
        }
    }
}

/// What lists of bookings show of their events, shared by those who ask while a read is on its way.
fn grouped_summaries(ports: &BookingPorts) -> GroupedReads<EventId, EventSummary> {
    let events = Arc::clone(&ports.events);
    GroupedReads::new(
        "event_summary",
        Arc::clone(&ports.runtime.spawner),
        MAX_READ,
        Box::new(move |ids| {
            let events = Arc::clone(&events);
            Box::pin(async move {
                let found = events.summaries(&ids).await?.into_iter();
                Ok(found.map(|summary| (summary.id, summary)).collect())
            })
        }),
    )
}

#[async_trait]
impl BookingUseCases for BookingService {
    async fn book(
        &self,
        wish: BookTickets,
        by: Identity,
        origin: &Origin,
    ) -> Result<Done<Booking>, BookError> {
        let (flow, origin) = (Arc::clone(&self.flow), origin.clone());
        let work = async move { flow.book(wish, by, &origin).await };
        let (runtime, deadline) = (&self.flow.ports.runtime, self.flow.settings.deadline);
        let result = runtime
            .in_own_task(deadline, work)
            .await
            .unwrap_or_else(|| Err(Failure::too_late().into()));
        self.booked.note(&result);
        result
    }

    async fn cancel(
        &self,
        booking: BookingId,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<Booking>, CancelError> {
        let (flow, origin) = (Arc::clone(&self.flow), origin.clone());
        let work = async move { flow.cancel_once(booking, by, key, &origin).await };
        let (runtime, deadline) = (&self.flow.ports.runtime, self.flow.settings.deadline);
        let result = runtime
            .in_own_task(deadline, work)
            .await
            .unwrap_or_else(|| Err(Failure::too_late().into()));
        self.cancelled.note(&result);
        result
    }

    async fn list_mine(
        &self,
        user: UserId,
        page: PageRequest,
    ) -> Result<Page<BookingWithEvent>, Failure> {
        let ports = &self.flow.ports;
        let bookings = ports.bookings.list_for_user(user, page).await?;
        // All are asked for before the first is waited for, so that they share a round trip.
        let rows = bookings.rows.into_iter().map(|booking| {
            let event = self.summaries.ask(booking.event_id);
            (booking, event)
        });
        let asked: Vec<_> = rows.collect();
        let mut rows = Vec::with_capacity(asked.len());
        for (booking, event) in asked {
            let event = event.await;
            let event =
                event.map_err(|_| Failure::unavailable("the read of the events broke off"))?;
            rows.push(BookingWithEvent {
                booking,
                event: event?,
            });
        }
        Ok(Page {
            rows,
            total: bookings.total,
        })
    }
}
