//! Idempotency keys: those in the rows of bookings, and those of everything else that was done.

use std::collections::{HashMap, HashSet};

use domain::booking::KeyedRequest;
use domain::error::StoreError;
use domain::idempotency::{Fingerprint, KeyClaim, UserKey};
use domain::time::Timestamp;
use domain::user::UserId;
use sea_orm::sea_query::{Expr, ExprTrait, UnionType};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select, Set,
};

use super::barrier::{DurableRead, durable};
use super::convert::{booking, to_column};
use super::entity::{bookings, idempotency_keys};
use super::statement_size::{padded, pieces};
use super::store::SqlStore;

/// Remembers requests, in the transaction that does what they ask for. A key that is taken fails it.
pub(super) async fn remember(
    on: &DatabaseTransaction,
    claims: impl Iterator<Item = &KeyClaim>,
) -> Result<(), DbErr> {
    let rows = claims.map(|claim| idempotency_keys::ActiveModel {
        user_id: Set(claim.user_id.get()),
        idempotency_key: Set(claim.used.key.as_str().to_owned()),
        fingerprint: Set(claim.used.fingerprint.as_str().to_owned()),
        created_at: Set(to_column(claim.at)),
        ..Default::default()
    });
    for rows in pieces(rows.collect()) {
        idempotency_keys::Entity::insert_many(rows)
            .exec_without_returning(on)
            .await?;
    }
    Ok(())
}

/// What was done under each of the keys. Most keys are new, and "no" needs no barrier: one plain read.
pub(super) async fn find(
    store: &SqlStore,
    keys: &[UserKey],
) -> Result<Vec<Option<KeyedRequest>>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let used = glimpse(store, keys).await?;
    let used = Used(
        keys.iter()
            .filter(|key| used.contains(key))
            .cloned()
            .collect(),
    );
    if used.0.is_empty() {
        return Ok(vec![None; keys.len()]);
    }
    let (booked, others) = durable(store, &used).await?;
    let mut found = HashMap::with_capacity(used.0.len());
    for row in booked {
        let corrupt = || store.corrupt("a key stands without what it was used for");
        let booking = booking(store, &row)?.ok_or_else(corrupt)?;
        let key = (booking.user_id, row.idempotency_key.ok_or_else(corrupt)?);
        let request = KeyedRequest {
            fingerprint: Fingerprint::from_stored(row.fingerprint.ok_or_else(corrupt)?),
            booking: Some(booking),
        };
        found.insert(key, request);
    }
    for row in others {
        let request = KeyedRequest {
            fingerprint: Fingerprint::from_stored(row.fingerprint),
            booking: None,
        };
        found.insert((UserId::new(row.user_id), row.idempotency_key), request);
    }
    let request = |key: &UserKey| found.get(&(key.user_id, key.key.as_str().to_owned()));
    Ok(keys.iter().map(|key| request(key).cloned()).collect())
}

/// Which of the keys are used, in one round trip.
async fn glimpse(store: &SqlStore, keys: &[UserKey]) -> Result<HashSet<UserKey>, StoreError> {
    let mut query = in_bookings(keys)
        .select_only()
        .column(bookings::Column::UserId)
        .column(bookings::Column::IdempotencyKey)
        .into_query();
    let others = of_others(keys)
        .select_only()
        .column(idempotency_keys::Column::UserId)
        .column(idempotency_keys::Column::IdempotencyKey)
        .into_query();
    query.union(UnionType::All, others);
    let rows = store.read(store.reader().query_all(&query)).await?;
    let used = rows.iter().map(|row| {
        let user: i64 = row.try_get_by_index(0)?;
        let key: String = row.try_get_by_index(1)?;
        Ok((user, key))
    });
    let used: Result<HashSet<(i64, String)>, DbErr> = used.collect();
    let used = used.map_err(|error| store.error(error))?;
    let is_used = |key: &&UserKey| used.contains(&(key.user_id.get(), key.key.as_str().to_owned()));
    Ok(keys.iter().filter(is_used).cloned().collect())
}

/// Keys that are known to be used.
struct Used(Vec<UserKey>);

impl DurableRead for Used {
    type Found = (Vec<bookings::Model>, Vec<idempotency_keys::Model>);

    async fn read(&self, on: &DatabaseTransaction) -> Result<(Self::Found, bool), DbErr> {
        let booked = in_bookings(&self.0).all(on).await?;
        let others = of_others(&self.0).all(on).await?;
        let seen = !(booked.is_empty() && others.is_empty());
        Ok(((booked, others), seen))
    }
}

fn in_bookings(keys: &[UserKey]) -> Select<bookings::Entity> {
    use bookings::{Column, Entity};
    Entity::find().filter(any(keys, Column::UserId, Column::IdempotencyKey))
}

fn of_others(keys: &[UserKey]) -> Select<idempotency_keys::Entity> {
    use idempotency_keys::{Column, Entity};
    Entity::find().filter(any(keys, Column::UserId, Column::IdempotencyKey))
}

fn any<C: ColumnTrait>(keys: &[UserKey], user: C, key: C) -> Condition {
    let one = |used: &UserKey| user.eq(used.user_id.get()).and(key.eq(used.key.as_str()));
    let any = padded(keys.iter().map(one).collect::<Vec<Expr>>()).into_iter();
    any.fold(Condition::any(), Condition::add)
}

/// Frees the oldest keys of either kind. SQLite has no `UPDATE … LIMIT`, hence two statements each; a key
/// that another instance frees between them is freed once.
pub(super) async fn forget(
    store: &SqlStore,
    before: Timestamp,
    limit: u64,
) -> Result<u64, StoreError> {
    let of_bookings = forget_in_bookings(store, before, limit).await?;
    let of_others = forget_others(store, before, limit).await?;
    Ok(Ord::max(of_bookings, of_others))
}

async fn forget_in_bookings(
    store: &SqlStore,
    before: Timestamp,
    limit: u64,
) -> Result<u64, StoreError> {
    use bookings::{Column, Entity};
    let before = to_column(before);
    let oldest = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::KeyedAt.lt(before))
        .order_by_asc(Column::KeyedAt)
        .limit(limit)
        .into_tuple::<i64>();
    let ids = store.read(oldest.all(store.reader())).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let free = free()
        .filter(Column::Id.is_in(ids))
        .filter(Column::KeyedAt.lt(before));
    let freed = store.read(free.exec(store.writer())).await?;
    Ok(freed.rows_affected)
}

async fn forget_others(store: &SqlStore, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
    use idempotency_keys::{Column, Entity};
    let oldest = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::CreatedAt.lt(to_column(before)))
        .order_by_asc(Column::CreatedAt)
        .limit(limit)
        .into_tuple::<i64>();
    let ids = store.read(oldest.all(store.reader())).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let delete = Entity::delete_many().filter(Column::Id.is_in(ids));
    let deleted = store.read(delete.exec(store.writer())).await?;
    Ok(deleted.rows_affected)
}

/// Takes the key from bookings.
fn free() -> sea_orm::UpdateMany<bookings::Entity> {
    use bookings::Column;
    bookings::Entity::update_many()
        .col_expr(Column::IdempotencyKey, Expr::val(None::<String>))
        .col_expr(Column::Fingerprint, Expr::val(None::<String>))
        .col_expr(
            Column::KeyedAt,
            Expr::val(None::<sea_orm::prelude::DateTime>),
        )
}
