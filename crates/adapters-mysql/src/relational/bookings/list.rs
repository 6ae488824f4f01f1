//! A user's bookings, and keys whose time is over.

use domain::booking::Booking;
use domain::error::StoreError;
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use domain::user::UserId;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::super::convert::{booking, to_column};
use super::super::entity::bookings::{Column, Entity, Model};
use super::super::store::SqlStore;

/// One page, newest first; void rows belong to nobody.
pub(super) async fn for_user(
    store: &SqlStore,
    user: UserId,
    page: PageRequest,
) -> Result<Page<Booking>, StoreError> {
    let theirs = Entity::find().filter(Column::UserId.eq(user.get()));
    let total = store.read(theirs.clone().count(store.reader())).await?;
    if page.offset() >= total {
        return Ok(Page {
            rows: Vec::new(),
            total,
        });
    }
    let rows = theirs
        .order_by_desc(Column::Id)
        .offset(page.offset())
        .limit(page.limit());
    let rows: Vec<Model> = store.read(rows.all(store.reader())).await?;
    let rows = rows
        .iter()
        .filter_map(|row| booking(store, row).transpose());
    Ok(Page {
        rows: rows.collect::<Result<_, StoreError>>()?,
        total,
    })
}

/// Frees the oldest keys. SQLite has no `UPDATE … LIMIT`, hence the two statements; a key that another
/// instance frees between them is freed once.
pub(super) async fn forget_keys(
    store: &SqlStore,
    before: Timestamp,
    limit: u64,
) -> Result<u64, StoreError> {
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
    let free = Entity::update_many()
        .col_expr(Column::IdempotencyKey, Expr::val(None::<String>))
        .col_expr(Column::Fingerprint, Expr::val(None::<String>))
        .col_expr(
            Column::KeyedAt,
            Expr::val(None::<sea_orm::prelude::DateTime>),
        )
        .filter(Column::Id.is_in(ids))
        .filter(Column::KeyedAt.lt(before));
    let freed = store.read(free.exec(store.writer())).await?;
    Ok(freed.rows_affected)
}
