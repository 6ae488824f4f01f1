//! What checkpoints need from outside.

use async_trait::async_trait;

use super::Checkpoint;
use crate::error::StoreError;
use crate::time::Timestamp;

/// The checkpoint beside the bookings, which is written first.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait LeadingCheckpoint: Send + Sync {
    /// The checkpoint; durable. `None` if none was ever written.
    async fn read(&self) -> Result<Option<Checkpoint>, StoreError>;

    /// Raises the number by one, or to one more than `beyond` if that is higher, and stamps it with `at`;
    /// atomic, so of several at once each gets a number of its own. What is answered is on disk.
    async fn advance(&self, beyond: u64, at: Timestamp) -> Result<Checkpoint, StoreError>;
}

/// The checkpoint beside the events, which follows.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait FollowingCheckpoint: Send + Sync {
    /// The checkpoint; a majority read. `None` if none was ever written.
    async fn read(&self) -> Result<Option<Checkpoint>, StoreError>;

    /// Takes over `checkpoint` unless its number is reached already; safe to repeat and to race.
    /// Answered when it survives the loss of any minority of the store's servers.
    async fn raise(&self, checkpoint: Checkpoint) -> Result<(), StoreError>;
}
