//! Storing a group of bookings in one transaction, as the real adapter does it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::booking::{Booking, BookingId, BookingStatus, CommitError, CommitOutcome, NewBooking};
use domain::stock::ReservationId;
use tokio::time::{Instant, sleep};

use super::bookings::plain;
use super::engine::Lock;
use super::tables::{Change, Key, OutboxEntry, Row};
use super::transaction::{CALL_LIMIT, Fault, Tx, TxError, Verdict, steps, transact};
use super::{Relational, lost};
use crate::mutation::Mutation;

/// How often a group is sent before it is given up, and the pause before the second sending; each
/// further pause is longer by as much.
pub(super) const SENDINGS: u32 = 8;
pub(super) const PAUSE: Duration = Duration::from_millis(5);

/// A group on its way: what is decided of it, and what is not.
struct Group<'a> {
    bookings: &'a [NewBooking],
    outcomes: Vec<Option<CommitOutcome>>,
}

impl Relational {
    pub(super) async fn commit_group(
        &self,
        bookings: &[NewBooking],
    ) -> Result<Vec<CommitOutcome>, CommitError> {
        let deadline = Instant::now() + CALL_LIMIT;
        let world = &self.0.world;
        let mut group = Group {
            bookings,
            outcomes: vec![None; bookings.len()],
        };
        let mut sendings = 0;
        while group.outcomes.iter().any(Option::is_none) {
            sendings += 1;
            let fault = match self.send_group(&mut group, deadline).await {
                Ok(()) => continue,
                Err(TxError::Unknown) if world.has(Mutation::ReleaseOnUnknown) => {
                    return Err(CommitError::RolledBack(lost(TxError::Unknown)));
                }
                Err(TxError::Unknown) if world.has(Mutation::RetryUnknownCommit) => Fault::Deadlock,
                // It may be there, or appear later.
                Err(TxError::Unknown) => return Err(CommitError::Unknown(lost(TxError::Unknown))),
                Err(TxError::RolledBack(fault)) => fault,
            };
            let half = fault == Fault::LockTimeout && world.has(Mutation::HalfGroup);
            let again = match fault {
                Fault::Silent => false,
                Fault::Deadlock | Fault::LockTimeout => !half,
                Fault::Duplicate => match self.find_colliders(&mut group).await {
                    Ok(true) => continue,
                    Ok(false) => true,
                    Err(_) => false,
                },
            };
            if !again || sendings >= SENDINGS || Instant::now() >= deadline {
                return Err(group.given_up(TxError::RolledBack(fault)));
            }
            sleep(PAUSE * sendings).await;
        }
        Ok(group.outcomes.into_iter().flatten().collect())
    }

    /// Sends what is undecided, once, and decides it if it is acknowledged.
    async fn send_group(&self, group: &mut Group<'_>, deadline: Instant) -> Result<(), TxError> {
        let first = group.first_of_each_key();
        let what = format!("book {}", first.len());
        let rows = first.clone();
        let write = steps(|tx: Tx| async move {
            let mut ids = BTreeMap::new();
            for new in rows {
                ids.insert(new.reservation_id, insert(&tx, &new).await?);
            }
            Ok(Verdict::Commit(ids))
        });
        let ids = transact(&self.0, &what, deadline, write).await?;
        group.decide(&first, &ids);
        Ok(())
    }

    /// Decides those of the group whose reservation or key stands in a row already; whether any was
    /// found. What is told here may not be on disk yet, and nobody acts on it.
    async fn find_colliders(&self, group: &mut Group<'_>) -> Result<bool, TxError> {
        let asked: Vec<(ReservationId, Option<Key>)> = group
            .bookings
            .iter()
            .map(|new| (new.reservation_id, key_of(new)))
            .collect();
        let found = plain(&self.0, "look for colliders", move |tables| {
            let taken = |(reservation, key): &(ReservationId, Option<Key>)| {
                if tables.under(*reservation).is_some() {
                    Some(CommitOutcome::ReservationTaken)
                } else if key.as_ref().is_some_and(|key| tables.has_key(key)) {
                    Some(CommitOutcome::KeyTaken)
                } else {
                    None
                }
            };
            asked.iter().map(taken).collect::<Vec<_>>()
        });
        let mut any = false;
        for (outcome, found) in group.outcomes.iter_mut().zip(found.await?) {
            if outcome.is_none() && found.is_some() {
                *outcome = found;
                any = true;
            }
        }
        Ok(any)
    }
}

impl Group<'_> {
    /// What goes into the next transaction: of several under one key the first.
    fn first_of_each_key(&self) -> Vec<NewBooking> {
        let mut keys = BTreeSet::new();
        let open = self.bookings.iter().zip(&self.outcomes);
        let open = open.filter(|(_, outcome)| outcome.is_none());
        open.map(|(new, _)| new)
            .filter(|new| key_of(new).is_none_or(|key| keys.insert(key)))
            .cloned()
            .collect()
    }

    /// Those behind one of their key are told so.
    fn decide(&mut self, sent: &[NewBooking], ids: &BTreeMap<ReservationId, i64>) {
        let keys: BTreeSet<Key> = sent.iter().filter_map(key_of).collect();
        for (new, outcome) in self.bookings.iter().zip(&mut self.outcomes) {
            if outcome.is_some() {
                continue;
            }
            *outcome = match ids.get(&new.reservation_id) {
                Some(id) => Some(CommitOutcome::Booked(booked(new, *id))),
                None if key_of(new).is_some_and(|key| keys.contains(&key)) => {
                    Some(CommitOutcome::KeyTaken)
                }
                None => None,
            };
        }
    }

    /// An earlier sending may have been committed for some of the group.
    fn given_up(&self, error: TxError) -> CommitError {
        let is_booked =
            |outcome: &Option<CommitOutcome>| matches!(outcome, Some(CommitOutcome::Booked(_)));
        if self.outcomes.iter().any(is_booked) {
            CommitError::Unknown(lost(error))
        } else {
            CommitError::RolledBack(lost(error))
        }
    }
}

fn key_of(new: &NewBooking) -> Option<Key> {
    let used = new.key.as_ref()?;
    Some((new.user_id, used.key.as_str().to_owned()))
}

fn booked(new: &NewBooking, id: i64) -> Booking {
    Booking {
        id: BookingId::new(id),
        event_id: new.event_id,
        user_id: new.user_id,
        ticket_type: new.ticket_type.clone(),
        quantity: new.quantity,
        status: BookingStatus::Confirmed,
        created_at: new.created_at,
    }
}

/// Inserts one booking and its outbox row; returns its number.
async fn insert(tx: &Tx, new: &NewBooking) -> Result<i64, Fault> {
    tx.dwell().await;
    tx.lock(Lock::Reservation(new.reservation_id)).await?;
    if tx.tables(|tables| tables.under(new.reservation_id).is_some()) {
        return Err(Fault::Duplicate);
    }
    if let Some(key) = key_of(new) {
        tx.lock(Lock::Key(key.clone())).await?;
        if tx.tables(|tables| tables.has_key(&key)) {
            return Err(Fault::Duplicate);
        }
    }
    let (id, outbox) = tx.tables(|tables| (tables.next_row(), tables.next_outbox()));
    let booking = booked(new, id);
    let record = new.audit.clone().on_booking(booking.id);
    let fingerprint = new.key.as_ref().map(|used| used.fingerprint.clone());
    let row = Row {
        id,
        reservation: new.reservation_id,
        booking: Some(booking),
        key: key_of(new).zip(fingerprint),
    };
    let entry = OutboxEntry {
        event: new.event_id,
        record,
        back: 0,
    };
    tx.change([Change::Row(row), Change::Outbox(outbox, entry)]);
    Ok(id)
}
