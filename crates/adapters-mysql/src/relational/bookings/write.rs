//! What the transaction of a group of bookings reads and writes.

use std::collections::{HashMap, HashSet};

use domain::booking::{BookingId, NewBooking};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QuerySelect, QueryTrait, Set,
};

use super::super::convert::{CONFIRMED, to_column};
use super::super::entity::{bookings, outbox, users};
use super::super::outbox_rows::OutboxRows;
use super::super::statement_size::{padded, pieces};
use super::super::store::SqlStore;
use super::super::transaction::Verdict;

/// What a transaction found and wrote.
pub(super) struct Written {
    /// Users who are there.
    pub(super) users: HashSet<i64>,
    /// The ids of the bookings, by reservation.
    pub(super) ids: HashMap<String, i64>,
}

/// Writes the bookings of the living among the group, and what they leave in the outbox.
pub(super) async fn write(
    store: &SqlStore,
    on: &DatabaseTransaction,
    group: &[(usize, &NewBooking)],
) -> Result<Verdict<Written>, DbErr> {
    let users = living_users(on, group).await?;
    let group: Vec<&NewBooking> = group
        .iter()
        .map(|(_, new)| *new)
        .filter(|new| users.contains(&new.user_id.get()))
        .collect();
    let Some(first) = group.first() else {
        return Ok(Verdict::Drop(Written {
            users,
            ids: HashMap::new(),
        }));
    };
    let ids = insert(store, on, &group).await?;
    let mut outbox = OutboxRows::default();
    // A booking leaves nothing to be done in its event, only a record for the audit log. So one row takes
    // those of all events, under the name of the first.
    for new in &group {
        if let Some(id) = ids.get(&new.reservation_id.to_string()) {
            let record = new.audit.clone().on_booking(BookingId::new(*id));
            let event_id = first.event_id.to_string();
            outbox.add(
                event_id,
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
    Ok(Verdict::Commit(Written { users, ids }))
}

/// The users among those of the group who are there, locked so that they stay until the commit. In the
/// order of their ids: two groups that lock them in different orders would wait for each other.
async fn living_users(
    on: &DatabaseTransaction,
    group: &[(usize, &NewBooking)],
) -> Result<HashSet<i64>, DbErr> {
    let mut ids: Vec<i64> = group.iter().map(|(_, new)| new.user_id.get()).collect();
    ids.sort_unstable();
    ids.dedup();
    let living = users::Entity::find()
        .select_only()
        .column(users::Column::Id)
        .filter(users::Column::Id.is_in(padded(ids)))
        .filter(users::Column::DeletedAt.is_null())
        .lock_shared()
        .into_tuple::<i64>();
    Ok(living.all(on).await?.into_iter().collect())
}

/// Inserts the bookings; the ids that they were given, by reservation.
async fn insert(
    store: &SqlStore,
    on: &DatabaseTransaction,
    group: &[&NewBooking],
) -> Result<HashMap<String, i64>, DbErr> {
    let (mut first, mut last) = (i64::MAX, i64::MIN);
    for rows in pieces(rows(group)) {
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let query = bookings::Entity::insert_many(rows).into_query();
        let told = on.execute(&query).await?.last_insert_id();
        let told = i64::try_from(told).unwrap_or(i64::MAX);
        let id = (store.dialect().first_id)(told, count);
        first = Ord::min(first, id);
        last = Ord::max(last, id.saturating_add(count));
    }
    // How ids follow each other depends on how the server is set up. So they are read, and by a short
    // range of ids, which is much faster than by reservation; that comes next if they are elsewhere.
    let ids = pick(on, bookings::Column::Id.between(first, last)).await?;
    if group
        .iter()
        .all(|new| ids.contains_key(&new.reservation_id.to_string()))
    {
        return Ok(ids);
    }
    let names = group.iter().map(|new| new.reservation_id.to_string());
    let names = padded(names.collect());
    pick(on, bookings::Column::ReservationId.is_in(names)).await
}

async fn pick(on: &DatabaseTransaction, which: Expr) -> Result<HashMap<String, i64>, DbErr> {
    let ids = bookings::Entity::find()
        .select_only()
        .column(bookings::Column::ReservationId)
        .column(bookings::Column::Id)
        .filter(which)
        .into_tuple::<(String, i64)>();
    Ok(ids.all(on).await?.into_iter().collect())
}

/// The rows of the bookings. The columns of a key are named only if somebody brought one: what is bound
/// for each row of a large group costs both sides.
fn rows(group: &[&NewBooking]) -> Vec<bookings::ActiveModel> {
    let is_keyed = group.iter().any(|new| new.key.is_some());
    let row = |new: &&NewBooking| {
        let row = unkeyed(new);
        if is_keyed { keyed(row, new) } else { row }
    };
    group.iter().map(row).collect()
}

fn unkeyed(new: &NewBooking) -> bookings::ActiveModel {
    bookings::ActiveModel {
        reservation_id: Set(new.reservation_id.to_string()),
        event_id: Set(new.event_id.to_string()),
        user_id: Set(Some(new.user_id.get())),
        ticket_type: Set(new.ticket_type.as_str().to_owned()),
        quantity: Set(i32::try_from(new.quantity.get()).unwrap_or(i32::MAX)),
        status: Set(CONFIRMED.to_owned()),
        created_at: Set(to_column(new.created_at)),
        ..Default::default()
    }
}

fn keyed(row: bookings::ActiveModel, new: &NewBooking) -> bookings::ActiveModel {
    let key = new.key.as_ref();
    bookings::ActiveModel {
        idempotency_key: Set(key.map(|used| used.key.as_str().to_owned())),
        fingerprint: Set(key.map(|used| used.fingerprint.as_str().to_owned())),
        keyed_at: Set(key.map(|_| to_column(new.created_at))),
        ..row
    }
}
