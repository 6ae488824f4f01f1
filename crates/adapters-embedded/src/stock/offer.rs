//! What an event has to offer while a batch is decided.

use std::collections::{BTreeMap, BTreeSet};

use domain::event::EventId;
use domain::stock::{MAX_HOLDS, Refusal, Reservation, ReserveOutcome, TicketType};

/// The state of the events that a batch wants tickets of; each grant counts for the wishes after it.
///
/// It is read and written back under the write lock, so nothing moves in between.
#[derive(Debug, Default)]
pub(super) struct Offers(BTreeMap<EventId, Offer>);

/// The state of one event.
#[derive(Debug, Default)]
pub(super) struct Offer {
    pub(super) closing: bool,
    pub(super) ended: bool,
    pub(super) holds: usize,
    /// The keys of wishes in the batch that a hold is there for.
    pub(super) keys: BTreeSet<String>,
    /// Available tickets per type.
    pub(super) available: BTreeMap<TicketType, i64>,
}

impl Offers {
    /// The state of an event, empty at first.
    pub(super) fn of(&mut self, event: EventId) -> &mut Offer {
        self.0.entry(event).or_default()
    }

    /// Grants a wish or refuses it.
    pub(super) fn decide(&mut self, wish: &Reservation) -> ReserveOutcome {
        match self.0.get_mut(&wish.event_id) {
            None => ReserveOutcome::Refused(Refusal::EventNotFound),
            Some(offer) => offer.decide(wish),
        }
    }
}

impl Offer {
    fn decide(&mut self, wish: &Reservation) -> ReserveOutcome {
        if let Some(refusal) = self.refusal(wish) {
            return ReserveOutcome::Refused(refusal);
        }
        if let Some(available) = self.available.get_mut(&wish.ticket_type) {
            *available -= i64::from(wish.quantity.get());
        }
        self.holds += 1;
        if let Some(key) = &wish.key_hash {
            self.keys.insert(key.as_str().to_owned());
        }
        ReserveOutcome::Granted
    }

    fn refusal(&self, wish: &Reservation) -> Option<Refusal> {
        let Some(available) = self.available.get(&wish.ticket_type) else {
            return Some(Refusal::EventNotFound);
        };
        // The key comes before the stock: what emptied the stock may be the first request of that
        // key, and its retry must not hear "sold out".
        let reasons = [
            (self.closing, Refusal::Closing),
            (self.ended, Refusal::EventEnded),
            (self.has_key_of(wish), Refusal::KeyInFlight),
            (self.holds >= MAX_HOLDS, Refusal::TooManyHolds),
            (
                *available < i64::from(wish.quantity.get()),
                Refusal::SoldOut,
            ),
        ];
        let mut reasons = reasons.into_iter();
        reasons.find_map(|(applies, refusal)| applies.then_some(refusal))
    }

    fn has_key_of(&self, wish: &Reservation) -> bool {
        let key = wish.key_hash.as_ref();
        key.is_some_and(|key| self.keys.contains(key.as_str()))
    }
}
