//! A look at a pool of connections.

use domain::metric::{PoolMeter, Sample};
use sqlx::{Database, Pool};

/// [`Sample`] of a pool.
pub struct PoolSample<DB: Database> {
    pool: Pool<DB>,
    meter: PoolMeter,
}

impl<DB: Database> PoolSample<DB> {
    /// Looks at `pool` and calls it `name`.
    pub fn new(name: &'static str, pool: &Pool<DB>) -> Self {
        let limit = pool.options().get_max_connections();
        Self {
            pool: pool.clone(),
            meter: PoolMeter::new(name, limit),
        }
    }
}

impl<DB: Database> Sample for PoolSample<DB> {
    fn sample(&self) {
        let open = usize::try_from(self.pool.size()).unwrap_or(usize::MAX);
        // The two are not read at the same moment.
        let in_use = open.saturating_sub(self.pool.num_idle());
        self.meter.set(open, in_use);
    }
}
