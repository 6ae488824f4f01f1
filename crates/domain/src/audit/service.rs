//! What can be done with the audit log, as the outside sees it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{AuditEntry, AuditFilter, AuditOrder, AuditTrail};
use crate::cursor::{Moment, Stretch};
use crate::error::{Failure, StoreError};
use crate::page::PageSize;
use crate::runtime::Clock;

/// The most records that are deleted in one write.
const MAX_FORGET: usize = 1_000;

/// What can be done with the audit log. The caller has checked that an admin asks.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AuditUseCases: Send + Sync {
    /// The newest of the wanted records, or those behind `after`.
    async fn list(
        &self,
        filter: AuditFilter,
        after: Option<Moment>,
        size: PageSize,
    ) -> Result<Stretch<AuditEntry, Moment>, Failure>;
}

/// The use cases of the audit log.
pub struct AuditService {
    trail: Arc<dyn AuditTrail>,
}

impl AuditService {
    /// The use cases on `trail`.
    pub fn new(trail: Arc<dyn AuditTrail>) -> Self {
        Self { trail }
    }
}

#[async_trait]
impl AuditUseCases for AuditService {
    async fn list(
        &self,
        filter: AuditFilter,
        after: Option<Moment>,
        size: PageSize,
    ) -> Result<Stretch<AuditEntry, Moment>, Failure> {
        let (order, wanted) = (AuditOrder::NewestFirst, size.get() + 1);
        let found = self.trail.read(&filter, order, after, wanted).await?;
        Ok(Stretch::cut(found, size.get(), AuditEntry::position))
    }
}

/// How long records are kept.
#[derive(Clone)]
pub struct AuditRetention {
    /// Where they are kept.
    pub trail: Arc<dyn AuditTrail>,
    /// How long; `None` for ever.
    pub keep: Option<Duration>,
}

impl AuditRetention {
    /// Deletes some of the records whose time is over; whether there may be more of them.
    pub async fn round(&self, clock: &dyn Clock) -> Result<bool, StoreError> {
        let Some(keep) = self.keep else {
            return Ok(false);
        };
        let before = clock.now().minus(keep);
        Ok(self.trail.forget(before, MAX_FORGET).await? == MAX_FORGET)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::{AuditId, MockAuditTrail};
    use crate::test_runtime::runtime;
    use crate::time::Timestamp;

    fn entry(number: u8) -> AuditEntry {
        let (id, at) = (AuditId::from_bytes([number; 12]), Timestamp::from_millis(0));
        AuditEntry::from_stored(id, at, serde_json::Map::new())
    }

    #[tokio::test]
    async fn one_more_is_read_than_is_shown() {
        for (there, next) in [(2, None), (3, Some(entry(2).position()))] {
            let mut trail = MockAuditTrail::new();
            trail
                .expect_read()
                .withf(|_, order, _, limit| *order == AuditOrder::NewestFirst && *limit == 3)
                .return_once(move |_, _, _, _| Ok((1..=there).map(entry).collect()));
            let service = AuditService::new(Arc::new(trail));
            let size = PageSize::new(2).unwrap();
            let found = service.list(AuditFilter::default(), None, size).await;
            let found = found.unwrap();
            assert_eq!((found.rows, found.next), (vec![entry(1), entry(2)], next));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn records_are_forgotten_by_their_age_and_in_bounded_writes() {
        let runtime = runtime();
        let (day, now) = (Duration::from_secs(86_400), runtime.clock.now());
        for (gone, more) in [(MAX_FORGET, true), (MAX_FORGET - 1, false)] {
            let mut trail = MockAuditTrail::new();
            trail
                .expect_forget()
                .withf(move |before, limit| *before == now.minus(day) && *limit == MAX_FORGET)
                .returning(move |_, _| Ok(gone));
            let retention = AuditRetention {
                trail: Arc::new(trail),
                keep: Some(day),
            };
            assert_eq!(retention.round(runtime.clock.as_ref()).await.unwrap(), more);
        }
    }

    #[tokio::test]
    async fn without_an_end_nothing_is_forgotten() {
        let retention = AuditRetention {
            trail: Arc::new(MockAuditTrail::new()),
            keep: None,
        };
        assert!(!retention.round(runtime().clock.as_ref()).await.unwrap());
    }
}
