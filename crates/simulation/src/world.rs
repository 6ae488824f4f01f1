//! Everything that a run shares: chance, time, the two servers and what is known of the truth.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::time::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::dice::Dice;
use crate::mutation::Mutation;
use crate::profile::Profile;
use crate::state::State;
use crate::tasks::Tasks;
use crate::trace::Trace;

/// The beginning of 2030: virtual time has to begin somewhere.
const EPOCH: i64 = 1_893_456_000_000;

/// How often each kind of death happens in a run at most.
const DEATHS: u64 = 4;

/// The world of one run.
pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) profile: Profile,
    pub(crate) mutation: Option<Mutation>,
    /// The age at which recovery looks into a hold.
    pub(crate) grace: Duration,
    /// Whether all clients come at once.
    pub(crate) crowd: bool,
    pub(crate) relational: Server,
    pub(crate) documents: Server,
    /// How many more instances may die.
    pub(crate) crashes: Budget,
    start: Instant,
    calm: AtomicBool,
    trace: Mutex<Trace>,
    state: Mutex<State>,
}

/// A server as a process: whether it runs, and what it is doing.
pub(crate) struct Server {
    pub(crate) name: &'static str,
    pub(crate) tasks: Tasks,
    /// Wakes those who wait for its state to move on.
    pub(crate) moved: Notify,
    /// How often it may still die.
    pub(crate) deaths: Budget,
    up: AtomicBool,
}

/// A number of times.
pub(crate) struct Budget(AtomicU64);

impl Budget {
    /// Takes one, if any is left.
    pub(crate) fn take(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        left > 0
    }

    /// How many were taken.
    pub(crate) fn taken(&self) -> u64 {
        DEATHS - self.0.load(Ordering::Relaxed)
    }
}

impl Server {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            tasks: Tasks::default(),
            moved: Notify::new(),
            deaths: Budget(AtomicU64::new(DEATHS)),
            up: AtomicBool::new(true),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    pub(crate) fn set_up(&self, up: bool) {
        self.up.store(up, Ordering::Relaxed);
    }
}

impl World {
    pub(crate) fn new(seed: u64, mutation: Option<Mutation>, keep_trace: bool) -> Self {
        let dice = Dice::new(seed);
        let profile = Profile::choose(&dice);
        let grace = Duration::from_secs(dice.pick(&[5, 8, 15]));
        let crowd = dice.chance(profile.crowd);
        Self {
            dice,
            profile,
            mutation,
            grace,
            crowd,
            relational: Server::new("mysql"),
            documents: Server::new("mongodb"),
            crashes: Budget(AtomicU64::new(DEATHS)),
            start: Instant::now(),
            calm: AtomicBool::new(false),
            trace: Mutex::new(Trace::new(keep_trace)),
            state: Mutex::default(),
        }
    }

    /// Whether this run makes the mistake `mutation`.
    pub(crate) fn has(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// Virtual time since the beginning.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The time of day, the same for everybody.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(EPOCH).plus(self.elapsed())
    }

    /// Ends all faults, or lets them begin (again).
    pub(crate) fn set_calm(&self, calm: bool) {
        self.calm.store(calm, Ordering::Relaxed);
    }

    /// Whether a fault that happens in `per_mille` of a thousand cases happens here.
    pub(crate) fn strikes(&self, per_mille: u64) -> bool {
        !self.calm.load(Ordering::Relaxed) && self.dice.chance(per_mille)
    }

    /// How long a request is on its way, sometimes until its sender has long given up.
    pub(crate) fn transit(&self) -> Duration {
        self.way(self.profile.late)
    }

    /// The same of a `COMMIT`.
    pub(crate) fn transit_of_commit(&self) -> Duration {
        self.way(self.profile.late_commit)
    }

    fn way(&self, late: u64) -> Duration {
        let grace = u64::try_from(self.grace.as_millis()).unwrap_or(u64::MAX);
        if self.strikes(late) {
            self.dice.millis(1_000, grace * 3 / 2)
        } else if self.strikes(self.profile.slow) {
            self.dice.millis(10, 1_000)
        } else {
            self.dice.millis(0, 4)
        }
    }

    /// How long a flush to disk takes.
    pub(crate) fn disk(&self) -> Duration {
        if self.strikes(self.profile.slow_disk) {
            self.dice.millis(50, 1_500)
        } else {
            self.dice.millis(1, 6)
        }
    }

    /// How long it takes until a majority has a write.
    pub(crate) fn replication(&self) -> Duration {
        if self.strikes(self.profile.slow_majority) {
            self.dice.millis(50, 2_500)
        } else {
            self.dice.millis(1, 6)
        }
    }

    /// How long a transaction dwells between two of its locks.
    pub(crate) fn dwell(&self) -> Duration {
        if self.strikes(self.profile.dwell) {
            self.dice.millis(50, 2_500)
        } else {
            self.dice.millis(0, 2)
        }
    }

    /// The stores' contents and the truth. Not to be held across a wait.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes in the trace that `who` did or met `what`.
    pub(crate) fn note(&self, who: &str, what: fmt::Arguments<'_>) {
        self.trace().note(self.elapsed(), who, what);
    }

    pub(crate) fn trace(&self) -> MutexGuard<'_, Trace> {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
