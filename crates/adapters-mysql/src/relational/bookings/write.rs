//! What the transaction of a group of bookings reads and writes.

use std::collections::{HashMap, HashSet};

use domain::booking::{BookingId, NewBooking};
use domain::stock::ReservationId;
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::super::entity::{outbox, users};
use super::super::outbox_rows::OutboxRows;
use super::super::statement_size::{padded, pieces};
use super::super::store::SqlStore;
use super::super::transaction::Verdict;
use super::insert::insert;

/// What a transaction found and wrote.
#[derive(Default)]
pub(super) struct Written {
    /// Users who are not there.
    pub(super) gone: HashSet<i64>,
    /// The ids of the bookings, by reservation.
    pub(super) ids: HashMap<ReservationId, i64>,
}

/// Writes the bookings of the living among the group, and what they leave in the outbox.
pub(super) async fn write(
    store: &SqlStore,
    on: &DatabaseTransaction,
    group: &[&NewBooking],
) -> Result<Verdict<Written>, DbErr> {
    let gone = gone(on, group).await?;
    let is_alive = |new: &&NewBooking| !gone.contains(&new.user_id.get());
    let group: Vec<&NewBooking> = group.iter().copied().filter(is_alive).collect();
    let Some(first) = group.first() else {
        let ids = HashMap::new();
        return Ok(Verdict::Drop(Written { gone, ids }));
    };
    let ids = insert(store, on, &group).await?;
    let mut outbox = OutboxRows::default();
    // A booking leaves nothing to be done in its event, only a record for the audit log. So one row takes
    // those of all events, under the name of the first.
    let event_id = first.event_id.to_string();
    for new in &group {
        if let Some(id) = ids.get(&new.reservation_id) {
            let record = new.audit.written_on_booking(BookingId::new(*id));
            outbox.add(
                &event_id,
                first.ticket_type.as_str(),
                new.created_at,
                &record,
            )?;
        }
    }
    for rows in pieces(outbox.into_models()) {
        outbox::Entity::insert_many(rows)
            .exec_without_returning(on)
            .await?;
    }
    Ok(Verdict::Commit(Written { gone, ids }))
}

/// The users of the group who are not there. The others are locked, so that they stay until the commit: not
/// every server that takes a foreign key holds on to it. In the order of their ids: two groups that lock them in
/// different orders would wait for each other.
async fn gone(on: &DatabaseTransaction, group: &[&NewBooking]) -> Result<HashSet<i64>, DbErr> {
    let mut ids: Vec<i64> = group.iter().map(|new| new.user_id.get()).collect();
    ids.sort_unstable();
    ids.dedup();
    let living = users::Entity::find()
        .select_only()
        .column(users::Column::Id)
        .filter(users::Column::Id.is_in(padded(ids.clone())))
        .filter(users::Column::DeletedAt.is_null())
        .lock_shared()
        .into_tuple::<i64>();
    let living: HashSet<i64> = living.all(on).await?.into_iter().collect();
    ids.retain(|id| !living.contains(id));
    Ok(ids.into_iter().collect())
}
