//! The barrier: proof that what was read is on disk.
//!
//! InnoDB without a binary log, which is MariaDB's default, shows another session's commit before the
//! redo log is flushed; a crash then takes back what was seen. Whoever answered "you have this booking"
//! or gave tickets back because of such a row would have been wrong. The log is one sequence, so a
//! write of one's own that was made after the read and acknowledged as committed proves that all
//! before it is on disk too.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::error::StoreError;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{DatabaseTransaction, DbErr, EntityTrait, Set};
use tokio::time::Instant;

use super::entity::recovery_marks;
use super::store::{CALL_LIMIT, SqlStore};
use super::transaction::{TransactionError, Verdict};

/// Rows to spread the marks over, so that two at once seldom wait for each other.
const SLOTS: u32 = 256;
/// How often a read is made anew when the connection is lost before its mark is acknowledged.
const READS: usize = 3;

/// A read whose answer may be acted upon.
pub(crate) trait DurableRead: Send + Sync {
    /// What it finds.
    type Found: Send;

    /// Reads; the flag says whether anything was found that another session may just have written.
    fn read(
        &self,
        on: &DatabaseTransaction,
    ) -> impl Future<Output = Result<(Self::Found, bool), DbErr>> + Send;
}

/// Reads behind the barrier.
pub(crate) async fn durable<R: DurableRead>(
    store: &SqlStore,
    query: &R,
) -> Result<R::Found, StoreError> {
    let deadline = Instant::now() + CALL_LIMIT;
    let mut tries = READS;
    loop {
        let transaction = store.begin(deadline).await?;
        let steps = transaction
            .steps(read_and_mark(store, query, transaction.on()))
            .await;
        let error = match transaction.end(steps).await {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        tries -= 1;
        let error = match error {
            // The mark is no more than a mark: reading and marking again is always right.
            TransactionError::Unknown(error) => error,
            TransactionError::RolledBack(_, error) => error,
        };
        if tries == 0 || !error.is_unavailable() || Instant::now() >= deadline {
            return Err(error);
        }
    }
}

async fn read_and_mark<R: DurableRead>(
    store: &SqlStore,
    query: &R,
    on: &DatabaseTransaction,
) -> Result<Verdict<R::Found>, DbErr> {
    let (found, seen) = query.read(on).await?;
    if !(seen && store.dialect().needs_barrier) {
        return Ok(Verdict::Drop(found));
    }
    mark(on).await?;
    Ok(Verdict::Commit(found))
}

/// Writes a mark, which the commit of `on` then puts on disk behind all that `on` has read.
pub(crate) async fn mark(on: &DatabaseTransaction) -> Result<(), DbErr> {
    let row = recovery_marks::ActiveModel {
        slot: Set(next_slot()),
        n: Set(1),
    };
    let again = OnConflict::column(recovery_marks::Column::Slot)
        .value(
            recovery_marks::Column::N,
            Expr::col(recovery_marks::Column::N).add(1),
        )
        .to_owned();
    recovery_marks::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(on)
        .await
        .map(drop)
}

/// The slots in turn; other processes are elsewhere in theirs.
fn next_slot() -> i32 {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let turn = TURN
        .fetch_add(1, Ordering::Relaxed)
        .wrapping_add(std::process::id());
    i32::try_from(turn % SLOTS).unwrap_or_default()
}
