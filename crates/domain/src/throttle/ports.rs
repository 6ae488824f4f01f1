//! What the slowing of guesses needs from outside.

use std::time::Duration;

use async_trait::async_trait;

use super::Attempt;
use crate::error::StoreError;

/// An attempt whose password may be looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The attempt.
    pub attempt: Attempt,
    /// Whether its place was known, and so which buckets it was charged to.
    pub is_known: bool,
}

/// What becomes of an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charge {
    /// It is charged, on disk.
    Admitted(Admission),
    /// It has to wait so long, more than nothing, and is not charged.
    Wait(Duration),
}

/// Keeps count of attempts, by the store's own clock.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait LoginAttempts: Send + Sync {
    /// Charges an attempt to its buckets as [`decide`](super::decide) says, in one transaction: of any
    /// number at once only as many are admitted as would be one after the other.
    async fn charge(&self, attempt: &Attempt) -> Result<Charge, StoreError>;

    /// The password was right: the place is known from now on, what was charged to it is forgotten, and of
    /// a place that was not known what was charged to the account as well; the address has one failure less.
    async fn succeeded(&self, admission: &Admission) -> Result<(), StoreError>;

    /// The password was not looked at: what the attempt was charged to has one failure less.
    async fn withdraw(&self, admission: &Admission) -> Result<(), StoreError>;

    /// Deletes up to `limit` buckets that were not charged for `idle`, and up to `limit` places where
    /// nobody signed in for `unseen`; whether there may be more of them.
    async fn forget(
        &self,
        idle: Duration,
        unseen: Duration,
        limit: u64,
    ) -> Result<bool, StoreError>;
}
