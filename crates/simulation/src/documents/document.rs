//! An event's document, and the atomic steps that statements make of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::booking::Quantity;
use domain::event::{Event, EventVersion, ExpectedRevision, NewEvent};
use domain::stock::{
    ClosingToken, Hold, HoldRef, KeyHash, Refusal, Reservation, ReservationId, ReserveOutcome,
};
use domain::time::Timestamp;

/// An event with its stock of general tickets.
#[derive(Clone)]
pub(crate) struct Document {
    pub(crate) new: Arc<NewEvent>,
    pub(crate) updated_at: Timestamp,
    pub(crate) version: EventVersion,
    pub(crate) total: i64,
    /// Signed, and checked after every step: a mistake must be seen, not hidden.
    pub(crate) available: i64,
    pub(crate) returned: u64,
    pub(crate) holds: Vec<HoldEntry>,
    pub(crate) closing: Option<(ClosingToken, Timestamp)>,
    /// What only mutations remember: the tickets of holds that left, and the returns applied.
    pub(crate) left: BTreeMap<ReservationId, i64>,
    pub(crate) applied: BTreeSet<u64>,
}

#[derive(Clone)]
pub(crate) struct HoldEntry {
    pub(crate) hold: Hold,
    pub(crate) key_hash: Option<KeyHash>,
    pub(crate) at: Timestamp,
}

/// What a statement makes of a document.
pub(crate) enum Outcome {
    /// Its filter does not match, or it changes nothing.
    NoMatch,
    /// The document as it is from now on.
    Changed(Document),
    /// It is gone.
    Deleted,
}

impl Document {
    pub(crate) fn new(new: &NewEvent) -> Self {
        let total = i64::from(new.details.capacity.get());
        Self {
            new: Arc::new(new.clone()),
            updated_at: new.created_at,
            version: EventVersion::FIRST,
            total,
            available: total,
            returned: 0,
            holds: Vec::new(),
            closing: None,
            left: BTreeMap::new(),
            applied: BTreeSet::new(),
        }
    }

    /// The event as the domain knows it.
    pub(crate) fn event(&self) -> Event {
        let details = self.new.details.clone();
        Event {
            id: self.new.id,
            title: details.title,
            description: details.description,
            date: details.date,
            location: details.location,
            total_tickets: u32::try_from(self.total).unwrap_or(u32::MAX),
            available_tickets: u32::try_from(self.available).unwrap_or(u32::MAX),
            metadata: details.metadata,
            created_by: self.new.created_by,
            created_at: self.new.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }

    /// Settles, then grants in order of arrival; the statement decides and moves in one step. An id
    /// that is there already is not looked for: the rule is that it is sent once.
    pub(crate) fn reserve(
        &self,
        settle: &[ReservationId],
        wishes: &[Reservation],
        now: Timestamp,
    ) -> Outcome {
        let mut next = self.clone();
        let settled = next.take_holds(settle);
        let mut granted = false;
        for wish in wishes {
            if next.refusal(wish, now).is_none() {
                next.grant(wish, now);
                granted = true;
            }
        }
        if granted || !settled.is_empty() {
            Outcome::Changed(next)
        } else {
            Outcome::NoMatch
        }
    }

    fn grant(&mut self, wish: &Reservation, now: Timestamp) {
        self.available -= tickets(wish.quantity);
        self.holds.push(HoldEntry {
            hold: Hold {
                at: wish.hold_ref(),
                ticket_type: wish.ticket_type.clone(),
                quantity: wish.quantity,
            },
            key_hash: wish.key_hash.clone(),
            at: now,
        });
    }

    fn refusal(&self, wish: &Reservation, now: Timestamp) -> Option<Refusal> {
        let key = wish.key_hash.as_ref();
        let in_flight = |hold: &HoldEntry| hold.key_hash.as_ref() == key;
        let reasons = [
            (self.closing.is_some(), Refusal::Closing),
            (self.new.details.date <= now, Refusal::EventEnded),
            (
                key.is_some() && self.holds.iter().any(in_flight),
                Refusal::KeyInFlight,
            ),
            (self.available < tickets(wish.quantity), Refusal::SoldOut),
        ];
        let mut reasons = reasons.into_iter();
        reasons.find_map(|(applies, refusal)| applies.then_some(refusal))
    }

    /// What a find that follows the update says of a wish.
    pub(crate) fn tell(&self, wish: &Reservation, now: Timestamp) -> ReserveOutcome {
        if self
            .holds
            .iter()
            .any(|entry| entry.hold.at.reservation_id == wish.id)
        {
            return ReserveOutcome::Granted;
        }
        ReserveOutcome::Refused(self.refusal(wish, now).unwrap_or(Refusal::Moved))
    }

    /// Takes the holds of those ids away; the stock does not move.
    pub(crate) fn settle(&self, ids: &[ReservationId]) -> Outcome {
        let mut next = self.clone();
        if next.take_holds(ids).is_empty() {
            return Outcome::NoMatch;
        }
        Outcome::Changed(next)
    }

    /// Gives back the tickets of those holds that are there.
    pub(crate) fn release(&self, ids: &[ReservationId]) -> Outcome {
        let mut next = self.clone();
        let taken = next.take_holds(ids);
        if taken.is_empty() {
            return Outcome::NoMatch;
        }
        next.available += taken.iter().map(|hold| tickets(hold.quantity)).sum::<i64>();
        Outcome::Changed(next)
    }

    /// The mistake of not asking whether the holds are there.
    pub(crate) fn release_unguarded(&self, ids: &[ReservationId]) -> Outcome {
        let mut next = self.clone();
        next.take_holds(ids);
        next.available += ids.iter().filter_map(|id| next.left.get(id)).sum::<i64>();
        Outcome::Changed(next)
    }

    /// Brings the counter up to `returned` and the stock with it.
    pub(crate) fn apply_return(&self, returned: u64) -> Outcome {
        let Some(more) = returned.checked_sub(self.returned).filter(|more| *more > 0) else {
            return Outcome::NoMatch;
        };
        let mut next = self.clone();
        next.available += i64::try_from(more).unwrap_or(i64::MAX);
        next.returned = returned;
        Outcome::Changed(next)
    }

    /// The mistake of remembering returns one by one. Each number is an outbox row's id and, in its low
    /// 16 bits, a quantity.
    pub(crate) fn apply_remembered(&self, returns: &[u64]) -> Outcome {
        let mut next = self.clone();
        for back in returns {
            if next.applied.insert(back >> 16) {
                next.available += i64::try_from(back & 0xFFFF).unwrap_or_default();
                next.returned += back & 0xFFFF;
            }
        }
        Outcome::Changed(next)
    }

    /// Forgets returns whose outbox rows went.
    pub(crate) fn forget_remembered(&self, rows: &[u64]) -> Outcome {
        let mut next = self.clone();
        next.applied.retain(|row| !rows.contains(row));
        Outcome::Changed(next)
    }

    /// Moves the stock to a new total, or nothing when more than that is sold or held.
    pub(crate) fn resize(&self, total: i64, expected: &ExpectedRevision, at: Timestamp) -> Outcome {
        let available = self.available + total - self.total;
        if available < 0 || !self.is_expected(expected) {
            return Outcome::NoMatch;
        }
        Outcome::Changed(Self {
            total,
            available,
            updated_at: at,
            version: EventVersion {
                revision: self.version.revision.next(),
                ..self.version
            },
            ..self.clone()
        })
    }

    /// Closes it, unless it is closed.
    pub(crate) fn close(
        &self,
        token: ClosingToken,
        expected: &ExpectedRevision,
        now: Timestamp,
    ) -> Outcome {
        if self.closing.is_some() || !self.is_expected(expected) {
            return Outcome::NoMatch;
        }
        Outcome::Changed(Self {
            closing: Some((token, now)),
            ..self.clone()
        })
    }

    /// Opens it, if `token` closed it.
    pub(crate) fn reopen(&self, token: ClosingToken) -> Outcome {
        if !self.is_closed_by(token) {
            return Outcome::NoMatch;
        }
        Outcome::Changed(Self {
            closing: None,
            ..self.clone()
        })
    }

    /// Deletes it, if `token` closed it and nothing is held.
    pub(crate) fn delete(&self, token: ClosingToken, expected: &ExpectedRevision) -> Outcome {
        if self.is_closed_by(token) && self.holds.is_empty() && self.is_expected(expected) {
            Outcome::Deleted
        } else {
            Outcome::NoMatch
        }
    }

    pub(crate) fn is_expected(&self, expected: &ExpectedRevision) -> bool {
        expected.includes(self.version.revision)
    }

    pub(crate) fn is_closed_by(&self, token: ClosingToken) -> bool {
        self.closing.is_some_and(|(holder, _)| holder == token)
    }

    fn take_holds(&mut self, ids: &[ReservationId]) -> Vec<Hold> {
        let (taken, kept) = std::mem::take(&mut self.holds)
            .into_iter()
            .partition::<Vec<_>, _>(|entry| ids.contains(&entry.hold.at.reservation_id));
        self.holds = kept;
        let taken: Vec<Hold> = taken.into_iter().map(|entry| entry.hold).collect();
        let left = taken.iter().map(|hold| {
            let HoldRef { reservation_id, .. } = hold.at;
            (reservation_id, tickets(hold.quantity))
        });
        self.left.extend(left);
        taken
    }
}

fn tickets(quantity: Quantity) -> i64 {
    i64::from(quantity.get())
}
