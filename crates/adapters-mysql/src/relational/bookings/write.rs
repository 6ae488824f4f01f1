//! What the transaction of a group of bookings reads and writes.

use std::collections::{HashMap, HashSet};

use domain::booking::{BookingId, NewBooking};
use domain::stock::ReservationId;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QuerySelect, Select,
};

use super::super::entity::{outbox, users};
use super::super::outbox_rows::OutboxRows;
use super::super::statement_size::{padded, pieces};
use super::super::store::SqlStore;
use super::super::transaction::Verdict;
use super::insert::insert;

/// What a transaction found and wrote.
#[derive(Default)]
pub(super) struct Written {
    /// Users who are not there. If there are any, nothing is written for anybody.
    pub(super) gone: HashSet<i64>,
    /// The ids of the bookings, by reservation.
    pub(super) ids: HashMap<ReservationId, i64>,
}

/// Writes the bookings of the group, and what they leave in the outbox.
pub(super) async fn write(
    store: &SqlStore,
    on: &DatabaseTransaction,
    group: &[&NewBooking],
) -> Result<Verdict<Written>, DbErr> {
    let Some(first) = group.first() else {
        return Ok(Verdict::Drop(Written::default()));
    };
    let ids = insert(store, on, group).await?;
    // Each insert has locked its user's row for its foreign key, until the commit. So nobody is being deleted
    // now, and whoever was before is seen; to lock all of them first would be another row to read for each
    // booking. That somebody is gone whose session still counted is rare.
    let gone = deleted(on, group).await?;
    if !gone.is_empty() {
        let ids = HashMap::new();
        return Ok(Verdict::Undo(Written { gone, ids }));
    }
    let mut outbox = OutboxRows::default();
    // A booking leaves nothing to be done in its event, only a record for the audit log. So one row takes
    // those of all events, under the name of the first.
    let event_id = first.event_id.to_string();
    for new in group {
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
    let gone = HashSet::new();
    Ok(Verdict::Commit(Written { gone, ids }))
}

/// The users of the group who were deleted.
async fn deleted(on: &DatabaseTransaction, group: &[&NewBooking]) -> Result<HashSet<i64>, DbErr> {
    let users = of_users(group).filter(users::Column::DeletedAt.is_not_null());
    let ids = users.into_tuple::<i64>().all(on).await?;
    Ok(ids.into_iter().collect())
}

/// The users of the group who were deleted, or never there.
pub(super) async fn gone(
    on: &impl ConnectionTrait,
    group: &[&NewBooking],
) -> Result<HashSet<i64>, DbErr> {
    let users = of_users(group).filter(users::Column::DeletedAt.is_null());
    let living = users.into_tuple::<i64>().all(on).await?;
    let living: HashSet<i64> = living.into_iter().collect();
    let all = group.iter().map(|new| new.user_id.get());
    Ok(all.filter(|id| !living.contains(id)).collect())
}

/// The ids of the group's users.
fn of_users(group: &[&NewBooking]) -> Select<users::Entity> {
    let mut ids: Vec<i64> = group.iter().map(|new| new.user_id.get()).collect();
    ids.sort_unstable();
    ids.dedup();
    users::Entity::find()
        .select_only()
        .column(users::Column::Id)
        .filter(users::Column::Id.is_in(padded(ids)))
}
