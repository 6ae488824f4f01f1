//! Many seeds, one after the other, on two threads.

use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::mutation::Mutation;
use crate::run::{Tally, run};

/// The machines that this runs on have two cores at least.
const THREADS: usize = 2;

/// What came of many seeds.
#[derive(Debug, Default)]
pub struct Found {
    /// The seeds in which something was not as it must be, in order.
    pub failed: Vec<u64>,
    /// What there was in all of them.
    pub tally: Tally,
}

/// Runs the seeds, and stops early when `enough` of them have failed. `progress` is told, after each,
/// how many have been run.
///
/// # Errors
/// Those of [`run`].
pub fn search(
    seeds: Range<u64>,
    mutation: Option<Mutation>,
    enough: usize,
    progress: &(dyn Fn(u64) + Sync),
) -> io::Result<Found> {
    let (next, done) = (AtomicU64::new(seeds.start), AtomicU64::new(0));
    let found = Mutex::new(Found::default());
    let work = || -> io::Result<()> {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return Ok(());
            }
            let report = run(seed, mutation, false)?;
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.tally += report.tally;
            if !report.violations.is_empty() {
                found.failed.push(seed);
            }
            if found.failed.len() >= enough {
                return Ok(());
            }
            drop(found);
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS).map(|_| scope.spawn(work)).collect();
        let mut ends = workers.into_iter().map(thread::ScopedJoinHandle::join);
        ends.try_for_each(|end| end.unwrap_or_else(|_| Err(io::Error::other("a run broke off"))))
    })?;
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.failed.sort_unstable();
    Ok(found)
}
