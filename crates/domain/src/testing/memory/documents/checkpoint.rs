//! The checkpoint beside the events.

use async_trait::async_trait;

use super::MemoryDocuments;
use crate::checkpoint::{Checkpoint, FollowingCheckpoint};
use crate::error::StoreError;

#[async_trait]
impl FollowingCheckpoint for MemoryDocuments {
    async fn read(&self) -> Result<Option<Checkpoint>, StoreError> {
        Ok(self.open()?.checkpoint)
    }

    async fn raise(&self, checkpoint: Checkpoint) -> Result<(), StoreError> {
        let mut collections = self.open()?;
        if collections
            .checkpoint
            .is_none_or(|old| old.n < checkpoint.n)
        {
            collections.checkpoint = Some(checkpoint);
        }
        Ok(())
    }
}
