//! Deleting what expired long ago. SQLite has no `DELETE … LIMIT`, hence two statements each; what
//! another instance deletes between them is deleted.

use domain::error::StoreError;
use domain::time::Timestamp;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::super::convert::to_column;
use super::super::entity::{refresh_tokens, sessions};
use super::super::store::SqlStore;

/// Deletes the oldest; whether there may be more.
pub(super) async fn expired(
    store: &SqlStore,
    before: Timestamp,
    limit: u64,
) -> Result<bool, StoreError> {
    let tokens = tokens(store, before, limit).await?;
    let sessions = sessions(store, before, limit).await?;
    Ok(tokens.max(sessions) == limit)
}

async fn tokens(store: &SqlStore, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
    use refresh_tokens::{Column, Entity};
    let oldest = Entity::find()
        .select_only()
        .column(Column::Hash)
        .filter(Column::ExpiresAt.lt(to_column(before)))
        .order_by_asc(Column::ExpiresAt)
        .limit(limit)
        .into_tuple::<String>();
    let hashes = store.read(oldest.all(store.reader())).await?;
    if hashes.is_empty() {
        return Ok(0);
    }
    let count = hashes.len() as u64;
    let delete = Entity::delete_many().filter(Column::Hash.is_in(hashes));
    store.read(delete.exec(store.writer())).await?;
    Ok(count)
}

/// A session's tokens go with it; none of them outlives it.
async fn sessions(store: &SqlStore, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
    use sessions::{Column, Entity};
    let oldest = Entity::find()
        .select_only()
        .column(Column::Id)
        .filter(Column::ExpiresAt.lt(to_column(before)))
        .order_by_asc(Column::ExpiresAt)
        .limit(limit)
        .into_tuple::<String>();
    let ids = store.read(oldest.all(store.reader())).await?;
    if ids.is_empty() {
        return Ok(0);
    }
    let count = ids.len() as u64;
    // Renewed by a clock far behind ours, it is not deleted after all.
    let delete = Entity::delete_many()
        .filter(Column::Id.is_in(ids))
        .filter(Column::ExpiresAt.lt(to_column(before)));
    store.read(delete.exec(store.writer())).await?;
    Ok(count)
}
