//! The checkpoint beside the bookings.

use async_trait::async_trait;

use super::MemoryRelational;
use crate::checkpoint::{Checkpoint, LeadingCheckpoint};
use crate::error::StoreError;
use crate::time::Timestamp;

#[async_trait]
impl LeadingCheckpoint for MemoryRelational {
    async fn read(&self) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self.open()?.checkpoint)
    }

    async fn advance(&self, beyond: u64, at: Timestamp) -> Result<Checkpoint, StoreError> {
        let mut tables = self.open()?;
        let n = tables.checkpoint.map_or(0, |old| old.n).max(beyond) + 1;
        Ok(*tables.checkpoint.insert(Checkpoint { n, at }))
    }
}
