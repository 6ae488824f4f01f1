//! Every answer that was given to a client, and whether it was true when it was given.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::booking::{BookError, BookTickets, Booking, BookingId, CancelError};
use domain::event::{DeleteEventError, Event, EventId, ExpectedRevision, Revision, UpdateError};
use domain::idempotency::{Done, KeyError, KeyUse};
use domain::user::UserId;
use tokio::time::Instant;

use crate::relational::is_confirmed;
use crate::state::Seen;
use crate::world::World;

/// What clients were told.
pub(crate) struct Answers {
    world: Arc<World>,
    told: Mutex<Told>,
}

#[derive(Default)]
pub(crate) struct Told {
    /// Who was told to have which booking, and under which key.
    pub(crate) booked: Vec<(Option<String>, Booking)>,
    /// How often a booking was told to be cancelled now.
    pub(crate) cancelled: BTreeMap<BookingId, usize>,
    /// Bookings that somebody asked to cancel, whatever the answer, and under which keys.
    pub(crate) cancel_asked: BTreeMap<BookingId, BTreeSet<Option<(UserId, String)>>>,
    /// Events that were told to be deleted.
    pub(crate) deleted: BTreeSet<EventId>,
    /// What was asked for under each key: the event and the quantity.
    pub(crate) asked: BTreeMap<(UserId, String), BTreeSet<(EventId, u32)>>,
    /// The revisions that were told to have been made out of the one that was asked for.
    pub(crate) edited: BTreeSet<(EventId, Revision)>,
    /// The numbers of tickets that an event may have.
    pub(crate) sizes: BTreeMap<EventId, BTreeSet<u32>>,
}

impl Answers {
    pub(crate) fn new(world: Arc<World>) -> Self {
        Self {
            world,
            told: Mutex::default(),
        }
    }

    pub(crate) fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A user asks for tickets, maybe under a key that was used for others.
    pub(crate) fn asks(&self, user: UserId, wish: &BookTickets) {
        if let Some(key) = &wish.key {
            let key = (user, key.as_str().to_owned());
            let asked = (wish.event_id, wish.quantity.get());
            self.told().asked.entry(key).or_default().insert(asked);
        }
    }

    /// Whether the key of the wish was used for another one.
    fn is_reused(&self, user: UserId, wish: &BookTickets) -> bool {
        let key = wish.key.as_ref().map(|key| (user, key.as_str().to_owned()));
        let told = self.told();
        let asked = key.and_then(|key| told.asked.get(&key));
        asked.is_some_and(|wishes| wishes.len() > 1)
    }

    /// Somebody asks that the event have that many tickets.
    pub(crate) fn may_have(&self, event: EventId, total: u32) {
        self.told().sizes.entry(event).or_default().insert(total);
    }

    /// A lie, if `is_true` does not hold.
    fn check(&self, is_true: bool, what: impl FnOnce() -> String) {
        if !is_true {
            self.world
                .state()
                .violated(format!("a client was told {}", what()));
        }
    }

    /// Whether a row is on disk that `fits`.
    fn on_disk(&self, id: BookingId, fits: impl Fn(&Booking) -> bool) -> bool {
        let state = self.world.state();
        let row = state.relational.disk.row(id);
        row.and_then(|row| row.booking.as_ref()).is_some_and(fits)
    }

    /// Whether at some moment since then the event was as `asked`.
    fn was(&self, event: EventId, since: Instant, asked: impl Fn(Option<Seen>) -> bool) -> bool {
        self.world.state().was(event, since, asked)
    }

    /// The answer to a booking that was asked for at `since`.
    pub(crate) fn book(
        &self,
        user: UserId,
        wish: &BookTickets,
        since: Instant,
        answer: &Result<Done<Booking>, BookError>,
    ) {
        let quantity = i64::from(wish.quantity.get());
        match answer {
            Ok(booked) => self.booked(user, wish, booked),
            Err(BookError::SoldOut) => {
                let short = |seen: Option<Seen>| seen.is_some_and(|seen| seen.available < quantity);
                let is_true = self.was(wish.event_id, since, short);
                self.check(is_true, || {
                    format!("sold out for {quantity}, and it never was")
                });
            }
            Err(BookError::EventNotFound) => {
                let is_true = self.was(wish.event_id, since, |seen| seen.is_none());
                self.check(is_true, || "not found of an event that is there".to_owned());
            }
            Err(BookError::Key(KeyError::InProgress)) => {
                self.check(wish.key.is_some(), || {
                    "in progress without a key".to_owned()
                });
            }
            Err(BookError::Key(KeyError::Mismatch)) => {
                let is_true = self.is_reused(user, wish);
                self.check(is_true, || "used for another wish of a new key".to_owned());
            }
            Err(BookError::Failed(_)) => {}
            Err(error) => self.check(false, || format!("{error}, which cannot be")),
        }
    }

    fn booked(&self, user: UserId, wish: &BookTickets, booked: &Done<Booking>) {
        let booking = &booked.value;
        let asked = (user, wish.event_id, wish.quantity);
        let same = |row: &Booking| (row.user_id, row.event_id, row.quantity) == asked;
        let is_true = same(booking) && self.on_disk(booking.id, same);
        self.check(is_true, || {
            format!("booked as {}, and no such booking is on disk", booking.id)
        });
        let key = wish.key.as_ref().map(|key| key.as_str().to_owned());
        self.told().booked.push((key, booking.clone()));
    }

    /// Somebody asks to cancel a booking, maybe under a key.
    pub(crate) fn asks_to_cancel(&self, user: UserId, id: BookingId, key: Option<&KeyUse>) {
        let key = key.map(|used| (user, used.key.as_str().to_owned()));
        self.told().cancel_asked.entry(id).or_default().insert(key);
    }

    /// The answer to a cancellation.
    pub(crate) fn cancel(
        &self,
        user: UserId,
        id: BookingId,
        key: Option<&KeyUse>,
        answer: &Result<Done<Booking>, CancelError>,
    ) {
        let gone = |row: &Booking| !is_confirmed(row);
        match answer {
            Ok(cancelled) => {
                let is_true = cancelled.value.id == id && self.on_disk(id, gone);
                self.check(is_true, || {
                    format!("cancelled of {id}, and it is not on disk")
                });
                self.check(key.is_some() || !cancelled.replayed, || {
                    format!("an earlier answer of {id} without a key")
                });
                *self.told().cancelled.entry(id).or_default() += usize::from(!cancelled.replayed);
            }
            Err(CancelError::AlreadyCancelled) => {
                let is_true = self.on_disk(id, gone);
                self.check(is_true, || {
                    format!("cancelled before of {id}, which is not on disk")
                });
                let by_others = key.is_none_or(|used| {
                    let mine = Some((user, used.key.as_str().to_owned()));
                    let told = self.told();
                    let asked = told.cancel_asked.get(&id);
                    asked.is_some_and(|keys| keys.iter().any(|key| *key != mine))
                });
                self.check(by_others, || {
                    format!("cancelled before of {id}, by nobody but the same request")
                });
            }
            Err(CancelError::Key(KeyError::InProgress)) => {
                self.check(key.is_some(), || "in progress without a key".to_owned());
            }
            Err(CancelError::Key(KeyError::Mismatch)) => {
                self.check(false, || format!("used otherwise of the key for {id}"));
            }
            Err(CancelError::NotFound) => {
                self.check(false, || format!("not found of their booking {id}"));
            }
            Err(CancelError::Failed(_)) => {}
        }
    }

    /// The answer to a new capacity that was asked for at `since`.
    pub(crate) fn resize(
        &self,
        event: EventId,
        total: u32,
        expected: &ExpectedRevision,
        since: Instant,
        answer: &Result<Done<Event>, UpdateError>,
    ) {
        match answer {
            Ok(Done { value: changed, .. }) => {
                let is_true = changed.total_tickets == total && changed.available_tickets <= total;
                self.check(is_true, || {
                    format!("{total} tickets, and it is {changed:?}")
                });
                let revision = changed.version.revision;
                let follows = match expected {
                    ExpectedRevision::Any => true,
                    ExpectedRevision::OneOf(known) => known.iter().any(|r| r.next() == revision),
                };
                self.check(follows, || {
                    format!("{revision:?} of an edit that asked for {expected:?}")
                });
                let is_new = self.told().edited.insert((event, revision));
                self.check(is_new, || format!("twice that an edit made {revision:?}"));
            }
            Err(UpdateError::CapacityBelowSold) => {
                let gone = |seen: Option<Seen>| {
                    seen.is_some_and(|seen| seen.total - seen.available > i64::from(total))
                };
                let is_true = self.was(event, since, gone);
                self.check(is_true, || {
                    format!("more than {total} are sold, and they never were")
                });
            }
            Err(UpdateError::NotFound) => {
                let is_true = self.was(event, since, |seen| seen.is_none());
                self.check(is_true, || "not found of an event that is there".to_owned());
            }
            Err(UpdateError::Outdated) => self.outdated(event, expected, since),
            Err(UpdateError::Key(_)) => self.never_keyed(),
            Err(UpdateError::Failed(_)) => {}
        }
    }

    /// The answer to a deletion that was asked for at `since`.
    pub(crate) fn delete(
        &self,
        event: EventId,
        expected: &ExpectedRevision,
        since: Instant,
        answer: &Result<Done<()>, DeleteEventError>,
    ) {
        match answer {
            Ok(_) => {
                let last = self.world.state().last_seen(event);
                let is_true = last.is_some_and(|last| expected.includes(last.revision));
                self.check(is_true, || {
                    format!("deleted if {expected:?}, and it was {last:?}")
                });
                self.told().deleted.insert(event);
            }
            Err(DeleteEventError::HasBookings) => {
                let is_true = self.world.state().relational.disk.has_trace_of(event);
                self.check(is_true, || "bookings of an event without any".to_owned());
            }
            Err(DeleteEventError::NotFound) => {
                let is_true = self.was(event, since, |seen| seen.is_none());
                self.check(is_true, || "not found of an event that is there".to_owned());
            }
            Err(DeleteEventError::Outdated) => self.outdated(event, expected, since),
            Err(DeleteEventError::Key(_)) => self.never_keyed(),
            Err(DeleteEventError::Failed(_)) => {}
        }
    }

    fn never_keyed(&self) {
        self.check(false, || "in progress, and there was no key".to_owned());
    }

    /// The answer that the event has another revision than was asked for at `since`.
    fn outdated(&self, event: EventId, expected: &ExpectedRevision, since: Instant) {
        let other = |seen: Option<Seen>| seen.is_some_and(|seen| !expected.includes(seen.revision));
        let is_true = self.was(event, since, other);
        self.check(is_true, || {
            format!("outdated, and it always was {expected:?}")
        });
    }
}
