//! Looking up what other sessions wrote, so that it may be acted upon.

use std::collections::HashMap;

use domain::booking::{Booking, BookingId, ReservationRow};
use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::ReservationId;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect, Select,
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

/// The booking of that id.
pub(super) async fn by_id(store: &SqlStore, id: BookingId) -> Result<Option<Booking>, StoreError> {
    let rows = durable(store, &Rows(Entity::find_by_id(id.get()))).await?;
    rows.first().map_or(Ok(None), |row| booking(store, row))
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
        let waiting = outbox::Entity::find()
            .filter(outbox::Column::EventId.eq(self.0.to_string()))
            .limit(1);
        let found =
            a_booking_of(self.0).one(on).await?.is_some() || waiting.one(on).await?.is_some();
        Ok((found, found))
    }
}

/// Any booking of the event.
fn a_booking_of(event: EventId) -> Select<Entity> {
    Entity::find()
        .filter(Column::EventId.eq(event.to_string()))
        .filter(Column::Status.ne(VOID))
        .limit(1)
}

/// Whether an event has bookings.
struct Booked(EventId);

impl DurableRead for Booked {
    type Found = bool;

    async fn read(&self, on: &DatabaseTransaction) -> Result<(bool, bool), DbErr> {
        let found = a_booking_of(self.0).one(on).await?.is_some();
        Ok((found, found))
    }
}

/// Whether the event has any booking, also a cancelled one.
pub(super) async fn any_booking_of(store: &SqlStore, event: EventId) -> Result<bool, StoreError> {
    durable(store, &Booked(event)).await
}

/// Whether the event has any booking, also a cancelled one, or an outbox row.
pub(super) async fn any_trace_of(store: &SqlStore, event: EventId) -> Result<bool, StoreError> {
    durable(store, &Trace(event)).await
}
