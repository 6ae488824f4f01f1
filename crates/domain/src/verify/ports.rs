//! What verifying needs from outside.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::event::EventId;
use crate::stock::{ClosingToken, ReservationId, TicketType};

/// The most events of one call of these ports.
pub const MAX_EVENTS: usize = 1_000;
/// The most reservations of one call of these ports.
pub const MAX_RESERVATIONS: usize = 1_000;

/// The stock of a ticket type as it is stored, right or wrong: anything but a number is possible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TypeStock {
    /// How many tickets there are.
    pub total: i64,
    /// How many of them can be booked.
    pub available: i64,
    /// How many ever came back, as far as the event knows.
    pub returned: i64,
}

/// Tickets on their way from the stock into a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldTickets {
    /// The reservation.
    pub reservation_id: ReservationId,
    /// The type of ticket.
    pub ticket_type: TicketType,
    /// How many.
    pub quantity: i64,
    /// How long they are held, by the store's clock.
    pub age: Duration,
}

/// Who closed an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosedBy {
    /// The try that did.
    pub token: ClosingToken,
    /// How long ago, by the store's clock.
    pub age: Duration,
}

/// All that an event's document says about its tickets, at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventStock {
    /// The event.
    pub event_id: EventId,
    /// The counter of the steps that moved stock.
    pub version: u64,
    /// The types of ticket.
    pub types: BTreeMap<TicketType, TypeStock>,
    /// The holds.
    pub holds: Vec<HeldTickets>,
    /// Whether the event is closed for reservations.
    pub closing: Option<ClosedBy>,
}

/// An event as a survey finds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Surveyed {
    /// It can be read.
    Stock(EventStock),
    /// It is there, but its stock makes no sense: a number or a hold that cannot be read.
    Unreadable(EventId),
}

/// Looks at the stock of all events. Every read is a majority read; nothing is changed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait StockSurvey: Send + Sync {
    /// The ids of up to `limit` events (at most [`MAX_EVENTS`]) behind `after`, in their order; fewer only
    /// at the end. An event that is there during the whole of a walk is met.
    async fn ids(&self, after: Option<EventId>, limit: usize) -> Result<Vec<EventId>, StoreError>;

    /// The stock of those of the events (at most [`MAX_EVENTS`]) that exist, in no order. That of each
    /// event is of one moment, or else its `version` is that of a moment before the rest was read.
    async fn stocks(&self, events: &[EventId]) -> Result<Vec<Surveyed>, StoreError>;

    /// The counter of the steps that moved stock, for those of the events (at most [`MAX_EVENTS`]) that
    /// exist, in no order. One that cannot be read is 0.
    async fn versions(&self, events: &[EventId]) -> Result<Vec<(EventId, u64)>, StoreError>;
}

/// What the stock of a ticket type should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectStock {
    /// The type; the event has it.
    pub ticket_type: TicketType,
    /// How many tickets can be booked, 0 to the total.
    pub available: i64,
    /// How many came back, not negative.
    pub returned: i64,
}

/// Corrects the stock of events.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait StockRepair: Send + Sync {
    /// Sets the stock of the given types, all in one step, if the event is closed by `token` and its
    /// counter is still `version`, and bumps the counter; otherwise changes nothing. Whether it did is
    /// for the next look to see: after an answer that was lost, a second sending meets another counter.
    async fn correct(
        &self,
        event: EventId,
        token: ClosingToken,
        version: u64,
        types: &[CorrectStock],
    ) -> Result<(), StoreError>;
}

/// A number of tickets of an event and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketCount {
    /// The event.
    pub event_id: EventId,
    /// The type of ticket.
    pub ticket_type: TicketType,
    /// How many.
    pub tickets: i64,
}

/// Looks at all bookings; nothing is changed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BookingSurvey: Send + Sync {
    /// Freezes the bookings as they are at one moment during this call: all that was acknowledged before
    /// the call is in the picture, and nothing that begins after it.
    async fn snapshot(&self) -> Result<Box<dyn BookingSnapshot>, StoreError>;

    /// Up to `limit` events (at most [`MAX_EVENTS`]) behind `after` that bookings name, confirmed or
    /// cancelled, in their order; fewer only at the end.
    async fn booked_events(
        &self,
        after: Option<EventId>,
        limit: usize,
    ) -> Result<Vec<EventId>, StoreError>;
}

/// The bookings at one moment. It occupies a connection until it is dropped.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait BookingSnapshot: Send + Sync {
    /// The tickets of confirmed bookings, for each of the events (at most [`MAX_EVENTS`]) and type that
    /// has any, in no order.
    async fn confirmed(&self, events: &[EventId]) -> Result<Vec<TicketCount>, StoreError>;

    /// How many tickets ever came back, for each of the events (at most [`MAX_EVENTS`]) and type that has
    /// a counter, in no order.
    async fn returned(&self, events: &[EventId]) -> Result<Vec<TicketCount>, StoreError>;

    /// Those of the reservations (at most [`MAX_RESERVATIONS`]) that have a booking, confirmed or
    /// cancelled. A void row is none.
    async fn booked(&self, ids: &[ReservationId]) -> Result<HashSet<ReservationId>, StoreError>;

    /// Ends it. Once this is answered, all that was seen in it is on disk and may be acted upon.
    async fn make_durable(self: Box<Self>) -> Result<(), StoreError>;
}
