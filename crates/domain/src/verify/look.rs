//! One look at some events.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::balance::{Balance, Counts, balances};
use super::{
    BookingSnapshot, BookingSurvey, EventStock, MAX_RESERVATIONS, StockSurvey, Surveyed,
    TicketCount,
};
use crate::error::StoreError;
use crate::event::EventId;
use crate::stock::ReservationId;

/// What a look sees of an event.
#[derive(Debug)]
pub(super) enum Seen {
    /// There is no such event (any more).
    Gone,
    /// Its stock makes no sense.
    Unreadable,
    /// Its stock moved meanwhile.
    Moving,
    /// Its stock stood still.
    Still(Observed),
}

/// An event whose stock stood still.
#[derive(Debug)]
pub(super) struct Observed {
    pub(super) stock: EventStock,
    pub(super) balances: Vec<Balance>,
}

/// Looks at events.
pub(super) struct Looks {
    pub(super) stock: Arc<dyn StockSurvey>,
    pub(super) bookings: Arc<dyn BookingSurvey>,
}

impl Looks {
    /// Looks at each of the events, in this order: document, snapshot, counter.
    ///
    /// Why that is exact: if the counter stood still, no reservation, release, return or change of
    /// capacity took effect between the two reads, hence none around the moment of the snapshot. Two
    /// kinds of steps go on without it. A commit or a cancellation is in the bookings alone, which the
    /// snapshot shows at one moment. And *settling* takes a hold out of the document without the counter,
    /// since the stock does not move. If that happened before the snapshot, the hold that was read is not
    /// there any more at the moment we speak of; but a hold is settled only after its booking is on disk,
    /// so the snapshot shows that booking, and the hold counts for nothing either way. If it happened
    /// after, the hold was still there.
    pub(super) async fn look(
        &self,
        events: &[EventId],
    ) -> Result<Vec<(EventId, Seen)>, StoreError> {
        let mut found: HashMap<EventId, Surveyed> = HashMap::new();
        for surveyed in self.stock.stocks(events).await? {
            found.insert(surveyed.event_id(), surveyed);
        }
        let snapshot = self.bookings.snapshot().await?;
        let versions = self.stock.versions(events).await?;
        let versions: HashMap<EventId, u64> = versions.into_iter().collect();
        let mut seen = Vec::with_capacity(events.len());
        let mut still = Vec::new();
        for event in events {
            match (found.remove(event), versions.get(event)) {
                (Some(Surveyed::Stock(stock)), Some(version)) if stock.version == *version => {
                    still.push(stock);
                }
                (Some(Surveyed::Unreadable(_)), Some(_)) => seen.push((*event, Seen::Unreadable)),
                (_, None) => seen.push((*event, Seen::Gone)),
                (_, Some(_)) => seen.push((*event, Seen::Moving)),
            }
        }
        for observed in observe(snapshot.as_ref(), still).await? {
            seen.push((observed.stock.event_id, Seen::Still(observed)));
        }
        Ok(seen)
    }

    /// The event and its balance, of which all that concerns bookings is on disk and may be acted upon.
    /// The stock may have moved since it was read; the counter tells.
    pub(super) async fn observe_durably(
        &self,
        event: EventId,
    ) -> Result<Option<Observed>, StoreError> {
        let Some(Surveyed::Stock(stock)) = self.stock.stocks(&[event]).await?.into_iter().next()
        else {
            return Ok(None);
        };
        let snapshot = self.bookings.snapshot().await?;
        let observed = observe(snapshot.as_ref(), vec![stock]).await?;
        snapshot.make_durable().await?;
        Ok(observed.into_iter().next())
    }
}

impl Surveyed {
    /// Which event it is.
    pub fn event_id(&self) -> EventId {
        match self {
            Self::Stock(stock) => stock.event_id,
            Self::Unreadable(event_id) => *event_id,
        }
    }
}

/// Asks the snapshot about events.
async fn observe(
    snapshot: &dyn BookingSnapshot,
    stocks: Vec<EventStock>,
) -> Result<Vec<Observed>, StoreError> {
    let events: Vec<EventId> = stocks.iter().map(|stock| stock.event_id).collect();
    if events.is_empty() {
        return Ok(Vec::new());
    }
    let confirmed = by_event(snapshot.confirmed(&events).await?);
    let returned = by_event(snapshot.returned(&events).await?);
    let holds = stocks.iter().flat_map(|stock| &stock.holds);
    let held: Vec<ReservationId> = holds.map(|hold| hold.reservation_id).collect();
    let mut booked: HashSet<ReservationId> = HashSet::new();
    for ids in held.chunks(MAX_RESERVATIONS) {
        booked.extend(snapshot.booked(ids).await?);
    }
    let none = Counts::default();
    let of = |stock: EventStock| {
        let confirmed = confirmed.get(&stock.event_id).unwrap_or(&none);
        let returned = returned.get(&stock.event_id).unwrap_or(&none);
        Observed {
            balances: balances(&stock, confirmed, returned, &booked),
            stock,
        }
    };
    Ok(stocks.into_iter().map(of).collect())
}

fn by_event(counts: Vec<TicketCount>) -> HashMap<EventId, Counts> {
    let mut events: HashMap<EventId, Counts> = HashMap::new();
    for count in counts {
        events.entry(count.event_id).or_default().add(&count);
    }
    events
}
