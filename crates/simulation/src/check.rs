//! What must be true at the end, when everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use domain::audit::{Action, AuditRecord};
use domain::booking::{Booking, BookingId};
use domain::event::EventId;

use crate::answers::Told;
use crate::documents::Collections;
use crate::relational::{Key, Tables, is_confirmed};
use crate::state::State;

/// What still keeps the stores from being at rest, if anything.
pub(crate) fn unrest(state: &State, events: &[EventId]) -> Option<String> {
    let (tables, copy) = (&state.relational.live, &state.documents.majority);
    for event in events {
        let Some(document) = copy.events.get(event) else {
            continue;
        };
        if !document.holds.is_empty() {
            return Some(format!("{event} has {} holds", document.holds.len()));
        }
        if document.closing.is_some() {
            return Some(format!("{event} is closed"));
        }
        if document.returned != tables.returned(*event) {
            return Some(format!("{event} lacks returned tickets"));
        }
    }
    let rows = tables.outbox.len();
    (rows > 0).then(|| format!("{rows} rows are in the outbox"))
}

/// What is wrong at the end. The equation is checked all the time, so it is not asked for here.
pub(crate) fn wrongs(state: &State, told: &Told, events: &[EventId]) -> Vec<String> {
    let (tables, copy) = (&state.relational.live, &state.documents.majority);
    let mut wrong = Vec::new();
    bookings(tables, told, &mut wrong);
    keys(tables, told, &mut wrong);
    cancellations(tables, told, events, &mut wrong);
    documents(tables, copy, told, events, &mut wrong);
    audit(tables, copy, &mut wrong);
    wrong
}

/// What was told to be booked is there as it was told.
fn bookings(tables: &Tables, told: &Told, wrong: &mut Vec<String>) {
    for (_, booking) in &told.booked {
        let row = tables.row(booking.id).and_then(|row| row.booking.as_ref());
        let Some(row) = row else {
            wrong.push(format!("booking {} was told and is gone", booking.id));
            continue;
        };
        let asked = |booking: &Booking| (booking.user_id, booking.event_id, booking.quantity);
        if asked(row) != asked(booking) {
            wrong.push(format!("booking {} is not what was told", booking.id));
        }
        if !is_confirmed(row) && !told.cancel_asked.contains_key(&row.id) {
            wrong.push(format!("booking {} was cancelled by nobody", row.id));
        }
    }
}

/// One key, one booking; and without a key each answer has a booking of its own.
fn keys(tables: &Tables, told: &Told, wrong: &mut Vec<String>) {
    let mut stored: BTreeSet<&Key> = BTreeSet::new();
    for (booking, key) in tables.bookings() {
        if let Some(key) = key
            && !stored.insert(key)
        {
            wrong.push(format!(
                "booking {} has a key that another one has",
                booking.id
            ));
        }
    }
    let mut answers: BTreeMap<Key, BookingId> = BTreeMap::new();
    let mut single: BTreeSet<BookingId> = BTreeSet::new();
    for (key, booking) in &told.booked {
        let Some(key) = key else {
            if !single.insert(booking.id) {
                wrong.push(format!("booking {} was told twice", booking.id));
            }
            continue;
        };
        let key = (booking.user_id, key.clone());
        let first = answers.entry(key).or_insert(booking.id);
        if *first != booking.id {
            wrong.push(format!(
                "{} and {} were told under one key",
                first, booking.id
            ));
        }
    }
}

/// A cancellation counts once, and what was cancelled is what was counted as returned.
fn cancellations(tables: &Tables, told: &Told, events: &[EventId], wrong: &mut Vec<String>) {
    for (id, times) in &told.cancelled {
        let row = tables.row(*id).and_then(|row| row.booking.as_ref());
        if row.is_none_or(is_confirmed) {
            wrong.push(format!("booking {id} was told to be cancelled and is not"));
        }
        if *times > 1 {
            wrong.push(format!("booking {id} was cancelled {times} times"));
        }
    }
    for event in events {
        let cancelled = tables.bookings_of(*event).filter(|row| !is_confirmed(row));
        let tickets: u64 = cancelled.map(|row| u64::from(row.quantity.get())).sum();
        if tickets != tables.returned(*event) {
            wrong.push(format!(
                "{tickets} tickets of {event} are cancelled, and not counted so"
            ));
        }
    }
}

fn documents(
    tables: &Tables,
    copy: &Collections,
    told: &Told,
    events: &[EventId],
    wrong: &mut Vec<String>,
) {
    for event in events {
        let Some(document) = copy.events.get(event) else {
            if let Some(booking) = tables.bookings_of(*event).next() {
                wrong.push(format!(
                    "{event} is gone, and booking {} has it",
                    booking.id
                ));
            }
            continue;
        };
        if told.deleted.contains(event) {
            wrong.push(format!("{event} was told to be deleted and is there"));
        }
        let total = u32::try_from(document.total).ok();
        let sizes = told.sizes.get(event);
        let asked = total
            .zip(sizes)
            .is_some_and(|(total, sizes)| sizes.contains(&total));
        if !asked {
            wrong.push(format!(
                "nobody asked for {} tickets of {event}",
                document.total
            ));
        }
    }
}

/// One record for each booking and each cancellation, and none for what is not there.
fn audit(tables: &Tables, copy: &Collections, wrong: &mut Vec<String>) {
    let mut records: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for record in copy.audit.values() {
        if let Some((kind, id)) = about(record) {
            *records.entry((kind, id)).or_default() += 1;
        }
    }
    for (booking, _) in tables.bookings() {
        let id = booking.id.to_string();
        let mut expected = vec!["booked"];
        if !is_confirmed(booking) {
            expected.push("cancelled");
        }
        for kind in expected {
            let found = records.remove(&(kind, id.clone())).unwrap_or_default();
            if found != 1 {
                wrong.push(format!("booking {id} has {found} records of being {kind}"));
            }
        }
    }
    for (kind, id) in records.into_keys() {
        wrong.push(format!(
            "a record says that {id} was {kind}, and it was not"
        ));
    }
}

fn about(record: &AuditRecord) -> Option<(&'static str, String)> {
    let kind = match record.action {
        Action::Book => "booked",
        Action::Cancel => "cancelled",
        _ => return None,
    };
    Some((kind, record.target.as_ref()?.id.clone()))
}
