//! Counting attempts to sign in.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use domain::error::StoreError;
use domain::throttle::{
    Admission, Attempt, Bucket, BucketKey, Charge, KNOWN_FOR, LoginAttempts, decide,
};
use domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
};

use super::entity::{login_attempts, login_places};
use super::store::SqlStore;
use super::transaction::{Verdict, Work, transact};

/// [`LoginAttempts`] on a SQL store.
#[derive(Debug, Clone)]
pub struct SqlLoginAttempts {
    store: SqlStore,
}

impl SqlLoginAttempts {
    /// On `store`.
    pub fn new(store: SqlStore) -> Self {
        Self { store }
    }

    /// The store's own time so long ago, in milliseconds since 1970.
    fn ago(&self, span: Duration) -> Expr {
        ago(self.store.dialect().now_millis, span)
    }

    async fn forget_buckets(&self, idle: Duration, limit: u64) -> Result<u64, StoreError> {
        use login_attempts::{Column, Entity};
        let is_idle = || Expr::col(Column::LastAt).lte(self.ago(idle));
        let oldest = Entity::find()
            .select_only()
            .column(Column::Bucket)
            .filter(is_idle())
            .order_by_asc(Column::LastAt)
            .limit(limit)
            .into_tuple::<String>();
        let keys = self.store.read(oldest.all(self.store.reader())).await?;
        if keys.is_empty() {
            return Ok(0);
        }
        let count = keys.len() as u64;
        let delete = Entity::delete_many()
            .filter(Column::Bucket.is_in(keys))
            .filter(is_idle());
        self.store.read(delete.exec(self.store.writer())).await?;
        Ok(count)
    }

    async fn forget_places(&self, unseen: Duration, limit: u64) -> Result<u64, StoreError> {
        use login_places::{Column, Entity};
        let is_unseen = || Expr::col(Column::SeenAt).lte(self.ago(unseen));
        let oldest = Entity::find()
            .select_only()
            .column(Column::Place)
            .filter(is_unseen())
            .order_by_asc(Column::SeenAt)
            .limit(limit)
            .into_tuple::<String>();
        let keys = self.store.read(oldest.all(self.store.reader())).await?;
        if keys.is_empty() {
            return Ok(0);
        }
        let count = keys.len() as u64;
        let delete = Entity::delete_many()
            .filter(Column::Place.is_in(keys))
            .filter(is_unseen());
        self.store.read(delete.exec(self.store.writer())).await?;
        Ok(count)
    }
}

#[async_trait]
impl LoginAttempts for SqlLoginAttempts {
    async fn charge(&self, attempt: &Attempt) -> Result<Charge, StoreError> {
        let now = self.store.dialect().now_millis;
        Ok(transact(&self.store, &Charging { attempt, now }).await?)
    }

    async fn succeeded(&self, admission: &Admission) -> Result<(), StoreError> {
        let now = self.store.dialect().now_millis;
        Ok(transact(&self.store, &Succeeding { admission, now }).await?)
    }

    async fn withdraw(&self, admission: &Admission) -> Result<(), StoreError> {
        let now = self.store.dialect().now_millis;
        Ok(transact(&self.store, &Withdrawing { admission, now }).await?)
    }

    async fn forget(
        &self,
        idle: Duration,
        unseen: Duration,
        limit: u64,
    ) -> Result<bool, StoreError> {
        let buckets = self.forget_buckets(idle, limit).await?;
        let places = self.forget_places(unseen, limit).await?;
        Ok(Ord::max(buckets, places) == limit)
    }
}

fn ago(now: &'static str, span: Duration) -> Expr {
    Expr::cust(format!("{now} - {}", span.as_millis()))
}

struct Charging<'a> {
    attempt: &'a Attempt,
    now: &'static str,
}

impl Work for Charging<'_> {
    type Done = Charge;

    async fn steps(&self, on: &DatabaseTransaction) -> Result<Verdict<Charge>, DbErr> {
        let is_known = is_known(on, self.attempt, self.now).await?;
        let buckets = self.attempt.buckets(is_known);
        let keys: Vec<&BucketKey> = buckets.iter().map(|(key, _)| *key).collect();
        let (now, stored) = lock(on, &keys, self.now).await?;
        let state = |key: &BucketKey| stored.get(key.as_str()).copied();
        let asked = buckets.iter().map(|(key, policy)| (*policy, state(key)));
        let charged = match decide(asked, now) {
            Ok(charged) => charged,
            Err(wait) => return Ok(Verdict::Drop(Charge::Wait(wait))),
        };
        for (key, bucket) in keys.into_iter().zip(charged) {
            store(on, key, bucket).await?;
        }
        Ok(Verdict::Commit(Charge::Admitted(Admission {
            attempt: self.attempt.clone(),
            is_known,
        })))
    }
}

struct Succeeding<'a> {
    admission: &'a Admission,
    now: &'static str,
}

impl Work for Succeeding<'_> {
    type Done = ();

    async fn steps(&self, on: &DatabaseTransaction) -> Result<Verdict<()>, DbErr> {
        let Admission { attempt, is_known } = self.admission;
        let buckets = attempt.buckets(*is_known);
        let keys: Vec<&BucketKey> = buckets.iter().map(|(key, _)| *key).collect();
        let (now, stored) = lock(on, &keys, self.now).await?;
        for key in keys {
            let address = stored
                .get(key.as_str())
                .filter(|bucket| *key == attempt.address && bucket.failures > 1);
            match address {
                Some(bucket) => {
                    let failures = bucket.failures - 1;
                    store(
                        on,
                        key,
                        Bucket {
                            failures,
                            ..*bucket
                        },
                    )
                    .await?;
                }
                None => {
                    login_attempts::Entity::delete_by_id(key.as_str())
                        .exec(on)
                        .await?;
                }
            }
        }
        remember(on, &attempt.place, now).await?;
        Ok(Verdict::Commit(()))
    }
}

struct Withdrawing<'a> {
    admission: &'a Admission,
    now: &'static str,
}

impl Work for Withdrawing<'_> {
    type Done = ();

    async fn steps(&self, on: &DatabaseTransaction) -> Result<Verdict<()>, DbErr> {
        let Admission { attempt, is_known } = self.admission;
        let buckets = attempt.buckets(*is_known);
        let keys: Vec<&BucketKey> = buckets.iter().map(|(key, _)| *key).collect();
        let (_, stored) = lock(on, &keys, self.now).await?;
        for key in keys {
            if let Some(bucket) = stored.get(key.as_str()) {
                let failures = bucket.failures.saturating_sub(1);
                let last = bucket.last;
                store(on, key, Bucket { failures, last }).await?;
            }
        }
        Ok(Verdict::Commit(()))
    }
}

/// Whether somebody signed in to the account from this place lately.
async fn is_known(
    on: &DatabaseTransaction,
    attempt: &Attempt,
    now: &'static str,
) -> Result<bool, DbErr> {
    let place = login_places::Entity::find_by_id(attempt.place.as_str())
        .filter(Expr::col(login_places::Column::SeenAt).gt(ago(now, KNOWN_FOR)));
    Ok(place.one(on).await?.is_some())
}

/// The buckets, locked, and the store's own time after that. Those that are new are there with nothing in
/// them: two who begin one at the same time would otherwise not see each other.
async fn lock(
    on: &DatabaseTransaction,
    keys: &[&BucketKey],
    now: &'static str,
) -> Result<(Timestamp, HashMap<String, Bucket>), DbErr> {
    use login_attempts::{ActiveModel, Column, Entity};
    let empty = keys.iter().map(|key| ActiveModel {
        bucket: Set(key.as_str().to_owned()),
        failures: Set(0),
        last_at: Set(0),
    });
    let as_it_is = OnConflict::column(Column::Bucket)
        .value(Column::Failures, Expr::col((Entity, Column::Failures)))
        .to_owned();
    Entity::insert_many(empty)
        .on_conflict(as_it_is)
        .exec_without_returning(on)
        .await?;
    let rows = Entity::find()
        .select_only()
        .column(Column::Bucket)
        .column(Column::Failures)
        .column(Column::LastAt)
        .expr_as(Expr::cust(now), "now")
        .filter(Column::Bucket.is_in(keys.iter().map(|key| key.as_str())))
        .into_tuple::<(String, i32, i64, i64)>()
        .all(on)
        .await?;
    let now = rows.iter().map(|row| row.3).max().unwrap_or_default();
    let bucket = |(key, failures, last, _): (String, i32, i64, i64)| {
        let bucket = Bucket {
            failures: u32::try_from(failures).unwrap_or_default(),
            last: Timestamp::from_millis(last),
        };
        (key, bucket)
    };
    let stored = rows.into_iter().map(bucket).collect();
    Ok((Timestamp::from_millis(now), stored))
}

async fn store(on: &DatabaseTransaction, key: &BucketKey, bucket: Bucket) -> Result<(), DbErr> {
    use login_attempts::{Column, Entity};
    let failures = i32::try_from(bucket.failures).unwrap_or(i32::MAX);
    Entity::update_many()
        .col_expr(Column::Failures, Expr::val(failures))
        .col_expr(Column::LastAt, Expr::val(bucket.last.millis()))
        .filter(Column::Bucket.eq(key.as_str()))
        .exec(on)
        .await
        .map(drop)
}

async fn remember(
    on: &DatabaseTransaction,
    place: &BucketKey,
    now: Timestamp,
) -> Result<(), DbErr> {
    use login_places::{ActiveModel, Column, Entity};
    let row = ActiveModel {
        place: Set(place.as_str().to_owned()),
        seen_at: Set(now.millis()),
    };
    let again = OnConflict::column(Column::Place)
        .value(Column::SeenAt, Expr::val(now.millis()))
        .to_owned();
    Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(on)
        .await
        .map(drop)
}
