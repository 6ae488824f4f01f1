//! Which store is away at this moment.

mod monitor;

use async_trait::async_trait;
pub use monitor::HealthMonitor;

use crate::error::StoreError;

/// A store that can be asked whether it is there.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Probe: Send + Sync {
    /// The store's name: `mysql`, `mongodb`, `sqlite`.
    fn name(&self) -> &'static str;

    /// Asks the store for a sign of life, at most about a second.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// A store and whether it answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PartHealth {
    /// The store's name.
    pub name: &'static str,
    /// Whether its last sign of life came.
    pub up: bool,
}

/// Tells which store is away, without asking any.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait HealthView: Send + Sync {
    /// Every store, always in the same order; and while this process is about to end, itself as away.
    fn parts(&self) -> Vec<PartHealth>;

    /// Whether the store of that name answers; a store that is not watched counts as up.
    fn is_up(&self, name: &str) -> bool;
}
