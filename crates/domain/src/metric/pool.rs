//! How many connections to a store are there.

use super::{Gauge, POOL_CLOSED, POOL_CONNECTIONS, POOL_FAILED, POOL_LIMIT, count};

/// Measures a pool of connections.
pub struct PoolMeter {
    pool: &'static str,
    in_use: Gauge,
    idle: Gauge,
}

impl PoolMeter {
    /// For the pool of that name, which opens at most `limit` connections.
    pub fn new(pool: &'static str, limit: u32) -> Self {
        POOL_LIMIT.gauge([pool]).set(limit);
        Self {
            pool,
            in_use: POOL_CONNECTIONS.gauge([pool, "in_use"]),
            idle: POOL_CONNECTIONS.gauge([pool, "idle"]),
        }
    }

    /// So many are open, and so many of them are in use.
    pub fn set(&self, open: usize, in_use: usize) {
        self.in_use.set(count(in_use));
        self.idle.set(count(open.saturating_sub(in_use)));
    }

    /// So often, since the start, somebody asked for a connection and got none.
    pub fn failed_in_all(&self, times: usize) {
        // Not every pool tells: a handle made before would have the others tell zero.
        POOL_FAILED.counter([self.pool]).absolute(times as u64);
    }

    /// So many connections, since the start, were closed.
    pub fn closed_in_all(&self, connections: usize) {
        POOL_CLOSED
            .counter([self.pool])
            .absolute(connections as u64);
    }
}
