//! The booking use cases.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::flow::BookingFlow;
use super::groups::BookingGroups;
use super::{
    BookError, BookTickets, Booked, Booking, BookingId, BookingRepository, BookingUseCases,
    BookingWithEvent, CancelError,
};
use crate::error::Failure;
use crate::event::{EventId, EventRepository, EventSummary};
use crate::grouping::GroupLimits;
use crate::health::HealthView;
use crate::page::{Page, PageRequest};
use crate::request::{Identity, Origin};
use crate::runtime::Runtime;
use crate::stock::{Relay, Settler, StockRepository};
use crate::user::UserId;

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
}

impl BookingService {
    /// The use cases on `ports`.
    pub fn new(ports: BookingPorts, settings: BookingSettings) -> Self {
        let groups = BookingGroups::new(&ports, settings.groups, settings.grace / 2);
        let flow = BookingFlow {
            ports,
            settings,
            groups: Arc::new(groups),
        };
        Self {
            flow: Arc::new(flow),
        }
    }
}

#[async_trait]
impl BookingUseCases for BookingService {
    async fn book(
        &self,
        wish: BookTickets,
        by: Identity,
        origin: &Origin,
    ) -> Result<Booked, BookError> {
        let (flow, origin) = (Arc::clone(&self.flow), origin.clone());
        let work = async move { flow.book(wish, by, &origin).await };
        let (runtime, deadline) = (&self.flow.ports.runtime, self.flow.settings.deadline);
        runtime
            .in_own_task(deadline, work)
            .await
            .unwrap_or_else(|| Err(too_late().into()))
    }

    async fn cancel(
        &self,
        booking: BookingId,
        by: Identity,
        origin: &Origin,
    ) -> Result<Booking, CancelError> {
        let (flow, origin) = (Arc::clone(&self.flow), origin.clone());
        let work = async move { flow.cancel(booking, by, &origin).await };
        let (runtime, deadline) = (&self.flow.ports.runtime, self.flow.settings.deadline);
        runtime
            .in_own_task(deadline, work)
            .await
            .unwrap_or_else(|| Err(too_late().into()))
    }

    async fn list_mine(
        &self,
        user: UserId,
        page: PageRequest,
    ) -> Result<Page<BookingWithEvent>, Failure> {
        let ports = &self.flow.ports;
        let bookings = ports.bookings.list_for_user(user, page).await?;
        let mut ids: Vec<EventId> = bookings
            .rows
            .iter()
            .map(|booking| booking.event_id)
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let summaries = if ids.is_empty() {
            Vec::new()
        } else {
            ports.events.summaries(&ids).await?
        };
        let by_id: HashMap<EventId, EventSummary> = summaries
            .into_iter()
            .map(|summary| (summary.id, summary))
            .collect();
        Ok(bookings.map(|booking| {
            let event = by_id.get(&booking.event_id).cloned();
            BookingWithEvent { booking, event }
        }))
    }
}

fn too_late() -> Failure {
    Failure::unavailable("the deadline passed before the outcome was known")
}
