//! Cancelling a group of bookings in one transaction.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::booking::{
    Booking, BookingStatus, CancelOutcome, Cancellation, Cancelled, CommitError,
};
use domain::error::StoreError;
use domain::request::Identity;
use domain::time::Timestamp;
use domain::user::Role;
use futures_util::{StreamExt, stream};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};
use tokio::time::{Instant, sleep};

use super::super::barrier::mark;
use super::super::convert::{CANCELLED, CONFIRMED, booking, to_column};
use super::super::entity::{bookings, outbox, stock_returns};
use super::super::fault::Fault;
use super::super::keys::remember;
use super::super::outbox_repository::{counters, stock_return};
use super::super::outbox_rows::OutboxRows;
use super::super::statement_size::{padded, pieces};
use super::super::store::{CALL_LIMIT, SqlStore};
use super::super::transaction::{TransactionError, Verdict};
use super::{AT_ONCE, PAUSE, SENDINGS};

/// Cancels the group; see [`BookingRepository::cancel`](domain::booking::BookingRepository::cancel).
pub(super) async fn cancel(
    store: &SqlStore,
    group: &[Cancellation],
) -> Result<Vec<CancelOutcome>, CommitError> {
    if group.is_empty() {
        return Ok(Vec::new());
    }
    cancel_within(store, group, Instant::now() + CALL_LIMIT).await
}

async fn cancel_within(
    store: &SqlStore,
    group: &[Cancellation],
    deadline: Instant,
) -> Result<Vec<CancelOutcome>, CommitError> {
    let mut sendings = 0;
    loop {
        sendings += 1;
        let error = match send(store, group, deadline).await {
            Ok(done) => return done.outcomes(store, group).map_err(CommitError::Unknown),
            Err(TransactionError::Unknown(error)) => return Err(CommitError::Unknown(error)),
            Err(TransactionError::RolledBack(Fault::LockTimeout, _)) => {
                return Ok(apart(store, group, deadline, CancelOutcome::Busy).await);
            }
            Err(TransactionError::RolledBack(Fault::Duplicate, _)) => {
                return Ok(apart(store, group, deadline, CancelOutcome::KeyTaken).await);
            }
            Err(TransactionError::RolledBack(Fault::Deadlock, error)) => error,
            Err(TransactionError::RolledBack(_, error)) => {
                return Err(CommitError::RolledBack(error));
            }
        };
        if sendings >= SENDINGS || Instant::now() >= deadline {
            return Err(CommitError::RolledBack(error));
        }
        sleep(PAUSE * sendings).await;
    }
}

/// One of the group met a row that somebody else keeps locked, or a key that is taken, and nobody says
/// which one: each goes by itself, and for the one alone that is its `outcome`. Of two wishes for one
/// booking, or under one key, whichever comes first is the one that cancels.
async fn apart(
    store: &SqlStore,
    group: &[Cancellation],
    deadline: Instant,
    outcome: CancelOutcome,
) -> Vec<CancelOutcome> {
    if group.len() == 1 {
        return vec![outcome];
    }
    let alone = (0..group.len()).map(|index| async move {
        // Boxed, since a group of one could go apart again as far as the compiler knows.
        match Box::pin(cancel_within(store, &group[index..=index], deadline)).await {
            Ok(outcomes) => outcomes,
            Err(CommitError::RolledBack(_)) => vec![CancelOutcome::Busy],
            Err(CommitError::Unknown(_)) => vec![CancelOutcome::Unknown],
        }
    });
    stream::iter(alone).buffered(AT_ONCE).concat().await
}

/// What the transaction found and did.
struct Done {
    /// The rows as they were before.
    rows: HashMap<i64, bookings::Model>,
    /// The positions that cancelled something.
    chosen: BTreeSet<usize>,
    /// The counters afterwards.
    counters: Vec<stock_returns::Model>,
}

async fn send(
    store: &SqlStore,
    group: &[Cancellation],
    deadline: Instant,
) -> Result<Done, TransactionError> {
    let begun = store.begin(deadline).await;
    let transaction = begun.map_err(|error| TransactionError::RolledBack(Fault::Silent, error))?;
    let steps = transaction
        .steps(write(store, transaction.on(), group))
        .await;
    transaction.end(steps).await
}

async fn write(
    store: &SqlStore,
    on: &DatabaseTransaction,
    group: &[Cancellation],
) -> Result<Verdict<Done>, DbErr> {
    let rows = lock(on, group).await?;
    let chosen = choose(&rows, group);
    if chosen.is_empty() {
        // "Cancelled already" is said because of a row that another session may have written a moment
        // ago; a mark of our own proves that it is on disk.
        let done = Done {
            rows,
            chosen,
            counters: Vec::new(),
        };
        if done.rows.is_empty() || !store.dialect().needs_barrier {
            return Ok(Verdict::Drop(done));
        }
        mark(on).await?;
        return Ok(Verdict::Commit(done));
    }
    let wishes: Vec<(&Cancellation, &bookings::Model)> = chosen
        .iter()
        .filter_map(|index| group.get(*index))
        .filter_map(|wish| Some((wish, rows.get(&wish.booking_id.get())?)))
        .collect();
    set_cancelled(on, &wishes).await?;
    let counters = count_returns(on, &wishes).await?;
    let keys = wishes.iter().filter_map(|(wish, _)| wish.key.as_ref());
    remember(on, keys).await?;
    let mut outbox = OutboxRows::default();
    for (wish, row) in &wishes {
        outbox.add(&row.event_id, &row.ticket_type, wish.at, &wish.audit)?;
    }
    for rows in pieces(outbox.into_models()) {
        outbox::Entity::insert_many(rows)
            .exec_without_returning(on)
            .await?;
    }
    Ok(Verdict::Commit(Done {
        rows,
        chosen,
        counters,
    }))
}

/// The bookings of the group, locked in the order of their ids.
async fn lock(
    on: &DatabaseTransaction,
    group: &[Cancellation],
) -> Result<HashMap<i64, bookings::Model>, DbErr> {
    let ids: BTreeSet<i64> = group.iter().map(|wish| wish.booking_id.get()).collect();
    let rows = bookings::Entity::find()
        .filter(bookings::Column::Id.is_in(padded(ids.into_iter().collect())))
        .order_by_asc(bookings::Column::Id)
        .lock_exclusive()
        .all(on)
        .await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The wishes that cancel something: the first for each confirmed booking that is the caller's business.
fn choose(rows: &HashMap<i64, bookings::Model>, group: &[Cancellation]) -> BTreeSet<usize> {
    let mut taken = BTreeSet::new();
    let chosen = group.iter().enumerate().filter(|(_, wish)| {
        let row = rows.get(&wish.booking_id.get());
        row.is_some_and(|row| row.status == CONFIRMED && concerns(wish.by, row))
            && taken.insert(wish.booking_id.get())
    });
    chosen.map(|(index, _)| index).collect()
}

/// Whose business a booking is: its owner's, and every admin's. A void row has no owner and is no
/// booking, not even to an admin.
fn concerns(by: Identity, row: &bookings::Model) -> bool {
    row.user_id
        .is_some_and(|owner| by.role == Role::Admin || by.user_id.get() == owner)
}

async fn set_cancelled(
    on: &DatabaseTransaction,
    wishes: &[(&Cancellation, &bookings::Model)],
) -> Result<(), DbErr> {
    let mut by_time: BTreeMap<Timestamp, Vec<i64>> = BTreeMap::new();
    for (wish, row) in wishes {
        by_time.entry(wish.at).or_default().push(row.id);
    }
    for (at, ids) in by_time {
        bookings::Entity::update_many()
            .col_expr(bookings::Column::Status, Expr::val(CANCELLED))
            .col_expr(bookings::Column::CancelledAt, Expr::val(to_column(at)))
            .filter(bookings::Column::Id.is_in(padded(ids)))
            .exec(on)
            .await?;
    }
    Ok(())
}

/// Adds to the counters, in the order of event and type, and reads them back.
async fn count_returns(
    on: &DatabaseTransaction,
    wishes: &[(&Cancellation, &bookings::Model)],
) -> Result<Vec<stock_returns::Model>, DbErr> {
    let mut sums: BTreeMap<(&String, &String), i64> = BTreeMap::new();
    for (_, row) in wishes {
        *sums.entry((&row.event_id, &row.ticket_type)).or_default() += i64::from(row.quantity);
    }
    for ((event_id, ticket_type), tickets) in &sums {
        let row = stock_returns::ActiveModel {
            event_id: Set((*event_id).clone()),
            ticket_type: Set((*ticket_type).clone()),
            returned: Set(*tickets),
        };
        let counter = Expr::col((stock_returns::Entity, stock_returns::Column::Returned));
        let grow = OnConflict::columns([
            stock_returns::Column::EventId,
            stock_returns::Column::TicketType,
        ])
        .value(stock_returns::Column::Returned, counter.add(*tickets))
        .to_owned();
        stock_returns::Entity::insert(row)
            .on_conflict(grow)
            .exec_without_returning(on)
            .await?;
    }
    counters(on, sums.into_keys().collect()).await
}

impl Done {
    fn outcomes(
        &self,
        store: &SqlStore,
        group: &[Cancellation],
    ) -> Result<Vec<CancelOutcome>, StoreError> {
        let wishes = group.iter().enumerate();
        wishes
            .map(|(index, wish)| self.outcome(store, index, wish))
            .collect()
    }

    fn outcome(
        &self,
        store: &SqlStore,
        index: usize,
        wish: &Cancellation,
    ) -> Result<CancelOutcome, StoreError> {
        let row = self
            .rows
            .get(&wish.booking_id.get())
            .filter(|row| concerns(wish.by, row));
        let Some(row) = row else {
            return Ok(CancelOutcome::NotFound);
        };
        let Some(booking) = booking(store, row)? else {
            return Ok(CancelOutcome::NotFound);
        };
        if !self.chosen.contains(&index) {
            return Ok(CancelOutcome::AlreadyCancelled);
        }
        let counter = self.counters.iter().find(|counter| {
            counter.event_id == row.event_id && counter.ticket_type == row.ticket_type
        });
        let counter = counter.ok_or_else(|| store.corrupt("a counter is missing"))?;
        let stock_return = stock_return(store, counter)?;
        let booking = Booking {
            status: BookingStatus::Cancelled { at: wish.at },
            ..booking
        };
        Ok(CancelOutcome::Cancelled(Cancelled {
            booking,
            stock_return,
        }))
    }
}
