//! Looking up what other sessions wrote, so that it may be acted upon.

use std::collections::{HashMap, HashSet};

use domain::booking::{Fingerprint, KeyedBooking, ReservationRow, UserKey};
use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::ReservationId;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{
    ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect,
    Select,
};

use super::super::barrier::{DurableRead, durable};
use super::super::convert::{VOID, booking};
use super::super::entity::bookings::{Column, Entity, Model};
use super::super::entity::outbox;
use super::super::statement_size::padded;
use super::super::store::SqlStore;

/// Rows of the bookings.
struct Rows(Select<Entity>);

impl DurableRead for Rows {
    type Found = Vec<Model>;

    async fn read(&self, on: &DatabaseTransaction) -> Result<(Vec<Model>, bool), DbErr> {
        let rows = self.0.clone().all(on).await?;
        let seen = !rows.is_empty();
        Ok((rows, seen))
    }
}

/// The booking under each of the keys. Most keys are new, and "no" needs no barrier: one plain read.
pub(super) async fn by_keys(
    store: &SqlStore,
    keys: &[UserKey],
) -> Result<Vec<Option<KeyedBooking>>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let glimpse = with_keys(keys)
        .select_only()
        .column(Column::UserId)
        .column(Column::IdempotencyKey)
        .into_tuple::<(Option<i64>, Option<String>)>();
    let glimpse = store.read(glimpse.all(store.reader())).await?;
    let used: HashSet<(i64, String)> = glimpse
        .into_iter()
        .filter_map(|(user, key)| Some((user?, key?)))
        .collect();
    let is_used = |key: &&UserKey| used.contains(&(key.user_id.get(), key.key.as_str().to_owned()));
    let used: Vec<UserKey> = keys.iter().filter(is_used).cloned().collect();
    if used.is_empty() {
        return Ok(vec![None; keys.len()]);
    }
    let rows = durable(store, &Rows(with_keys(&used))).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let corrupt = || store.corrupt("a key stands without what it was used for");
        let booking = booking(store, &row)?.ok_or_else(corrupt)?;
        let user = booking.user_id;
        let fingerprint = row.fingerprint.map(Fingerprint::from_stored);
        let keyed = KeyedBooking {
            booking,
            fingerprint: fingerprint.ok_or_else(corrupt)?,
        };
        found.insert((user, row.idempotency_key.ok_or_else(corrupt)?), keyed);
    }
    let keyed = |key: &UserKey| found.get(&(key.user_id, key.key.as_str().to_owned()));
    Ok(keys.iter().map(|key| keyed(key).cloned()).collect())
}

fn with_keys(keys: &[UserKey]) -> Select<Entity> {
    let one = |used: &UserKey| {
        let user = Column::UserId.eq(used.user_id.get());
        user.and(Column::IdempotencyKey.eq(used.key.as_str()))
    };
    let any = padded(keys.iter().map(one).collect()).into_iter();
    Entity::find().filter(any.fold(Condition::any(), Condition::add))
}

/// What stands under each of the ids, in their order.
pub(super) async fn reservations(
    store: &SqlStore,
    ids: &[ReservationId],
) -> Result<Vec<ReservationRow>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let query = Entity::find().filter(Column::ReservationId.is_in(padded(names.clone())));
    let rows = durable(store, &Rows(query)).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in rows {
        let state = match booking(store, &row)? {
            Some(booking) => ReservationRow::Booked(booking),
            None => ReservationRow::Void,
        };
        found.insert(row.reservation_id, state);
    }
    let state = |name: &String| found.get(name).cloned().unwrap_or(ReservationRow::Absent);
    Ok(names.iter().map(state).collect())
}

/// Whether an event has bookings or work in the outbox.
struct Trace(EventId);

impl DurableRead for Trace {
    type Found = bool;

    async fn read(&self, on: &DatabaseTransaction) -> Result<(bool, bool), DbErr> {
        let event = self.0.to_string();
        let booked = Entity::find()
            .filter(Column::EventId.eq(event.as_str()))
            .filter(Column::Status.ne(VOID))
            .limit(1);
        let waiting = outbox::Entity::find()
            .filter(outbox::Column::EventId.eq(event.as_str()))
            .limit(1);
        let found = booked.one(on).await?.is_some() || waiting.one(on).await?.is_some();
        Ok((found, found))
    }
}

/// Whether the event has any booking, also a cancelled one, or an outbox row.
pub(super) async fn any_trace_of(store: &SqlStore, event: EventId) -> Result<bool, StoreError> {
    durable(store, &Trace(event)).await
}
