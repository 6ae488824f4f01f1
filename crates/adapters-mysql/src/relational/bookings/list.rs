//! A user's bookings.

use domain::booking::Booking;
use domain::error::StoreError;
use domain::page::{Page, PageRequest};
use domain::user::UserId;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::super::convert::booking;
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
