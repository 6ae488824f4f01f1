//! Attempts to sign in, counted by real time: no test can move it, as on the real stores.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::{MemoryRelational, Tables};
use crate::error::StoreError;
use crate::throttle::{Admission, Attempt, Bucket, Charge, KNOWN_FOR, LoginAttempts, decide};
use crate::time::Timestamp;

fn now() -> Timestamp {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    Timestamp::from_millis(1_893_456_000_000).plus(START.elapsed())
}

impl Tables {
    fn charge(&mut self, attempt: &Attempt, now: Timestamp) -> Charge {
        let seen = self.places.get(&attempt.place);
        let is_known = seen.is_some_and(|seen| *seen > now.minus(KNOWN_FOR));
        let buckets = attempt.buckets(is_known);
        let state = buckets
            .iter()
            .map(|(key, policy)| (*policy, self.attempts.get(*key).copied()));
        let charged = match decide(state, now) {
            Ok(charged) => charged,
            Err(wait) => return Charge::Wait(wait),
        };
        for ((key, _), bucket) in buckets.into_iter().zip(charged) {
            self.attempts.insert(key.clone(), bucket);
        }
        Charge::Admitted(Admission {
            attempt: attempt.clone(),
            is_known,
        })
    }

    fn succeed(&mut self, admission: &Admission, now: Timestamp) {
        let Admission { attempt, is_known } = admission;
        for (key, _) in attempt.buckets(*is_known) {
            let bucket = self.attempts.remove(key);
            let address = bucket.filter(|_| *key == attempt.address);
            if let Some(Bucket { failures, last }) = address
                && failures > 1
            {
                let failures = failures - 1;
                self.attempts.insert(key.clone(), Bucket { failures, last });
            }
        }
        self.places.insert(attempt.place.clone(), now);
    }

    fn withdraw(&mut self, admission: &Admission) {
        let Admission { attempt, is_known } = admission;
        for (key, _) in attempt.buckets(*is_known) {
            if let Some(bucket) = self.attempts.get_mut(key) {
                bucket.failures = bucket.failures.saturating_sub(1);
            }
        }
    }
}

#[async_trait]
impl LoginAttempts for MemoryRelational {
    async fn charge(&self, attempt: &Attempt) -> Result<Charge, StoreError> {
        Ok(self.open()?.charge(attempt, now()))
    }

    async fn succeeded(&self, admission: &Admission) -> Result<(), StoreError> {
        self.open()?.succeed(admission, now());
        Ok(())
    }

    async fn withdraw(&self, admission: &Admission) -> Result<(), StoreError> {
        self.open()?.withdraw(admission);
        Ok(())
    }

    async fn forget(
        &self,
        idle: Duration,
        unseen: Duration,
        limit: u64,
    ) -> Result<bool, StoreError> {
        let (mut tables, now) = (self.open()?, now());
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let buckets = tables.attempts.iter();
        let buckets: Vec<_> = buckets
            .filter(|(_, bucket)| bucket.last <= now.minus(idle))
            .map(|(key, _)| key.clone())
            .take(limit)
            .collect();
        let places = tables.places.iter();
        let places: Vec<_> = places
            .filter(|(_, seen)| **seen <= now.minus(unseen))
            .map(|(key, _)| key.clone())
            .take(limit)
            .collect();
        for key in &buckets {
            tables.attempts.remove(key);
        }
        for key in &places {
            tables.places.remove(key);
        }
        Ok(buckets.len().max(places.len()) == limit)
    }
}
