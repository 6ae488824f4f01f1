//! The background work of an instance: what runs beside the requests, and the end of it all.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use metrics::Counter;

use crate::audit::{AuditBuffer, AuditRetention};
use crate::booking::BookingRepository;
use crate::checkpoint::{self, Checkpoints};
use crate::error::{StoreError, chain};
use crate::idempotency::KEY_LIFE;
use crate::metric::{NO_LABELS, OUTBOX_LAG, UPKEEP_ROUNDS};
use crate::runtime::{Runtime, Stop};
use crate::session::SessionRepository;
use crate::stock::{Recovered, Recovery, Relay, Settler};
use crate::throttle::{self, LoginAttempts};
use crate::time::Timestamp;

/// The time between two rounds of settling.
const SETTLE_PERIOD: Duration = Duration::from_millis(500);
/// The time after which the outbox is looked at although nobody called: another instance may have
/// left something and died.
const RELAY_PERIOD: Duration = Duration::from_secs(1);
/// The time in which work gathers after a call, so that it goes in groups.
const GATHER: Duration = Duration::from_millis(200);
/// The time before failed work is tried again.
const AGAIN: Duration = Duration::from_millis(500);
/// The time between two rounds of recovery, at most; with a short grace it is the grace.
const RECOVERY_PERIOD: Duration = Duration::from_secs(5);
/// How long an expired session is kept: clocks of instances may differ.
const SESSION_REST: Duration = Duration::from_secs(24 * 3600);
/// The time between two looks for what may be forgotten.
const FORGET_PERIOD: Duration = Duration::from_secs(600);
/// The time between two looks for audit records that may go.
const RETENTION_PERIOD: Duration = Duration::from_secs(600);
/// The time between two writes that delete audit records: they are not to be felt.
const RETENTION_PAUSE: Duration = Duration::from_millis(200);
/// The most rows of a kind that go in one write.
const MAX_FORGOTTEN: u64 = 1_000;

/// Everything that runs in the background of an instance; every instance runs all of it.
#[derive(Clone)]
pub struct Upkeep {
    /// Settles holds.
    pub settler: Arc<Settler>,
    /// Empties the outbox.
    pub relay: Arc<Relay>,
    /// Looks into what was left half-done.
    pub recovery: Arc<Recovery>,
    /// Writes audit records that were only buffered.
    pub audit: Arc<AuditBuffer>,
    /// How long audit records are kept.
    pub retention: AuditRetention,
    /// Where idempotency keys are forgotten.
    pub bookings: Arc<dyn BookingRepository>,
    /// Where expired sessions are forgotten.
    pub sessions: Arc<dyn SessionRepository>,
    /// Where old attempts to sign in are forgotten.
    pub attempts: Arc<dyn LoginAttempts>,
    /// What tells a start whether both stores are of the same age.
    pub checkpoints: Arc<Checkpoints>,
    /// The machine.
    pub runtime: Runtime,
}

impl Upkeep {
    /// Starts the background work; it ends with `stop`.
    pub fn start(&self, stop: &Stop) {
        self.spawn(
            stop,
            |upkeep, stop| async move { upkeep.settle(stop).await },
        );
        self.spawn(stop, |upkeep, stop| async move { upkeep.relay(stop).await });
        self.spawn(
            stop,
            |upkeep, stop| async move { upkeep.recover(stop).await },
        );
        self.spawn(stop, |upkeep, stop| async move {
            upkeep.write_audit(stop).await
        });
        self.spawn(
            stop,
            |upkeep, stop| async move { upkeep.forget(stop).await },
        );
        self.spawn(stop, |upkeep, stop| async move {
            upkeep.forget_audit(stop).await
        });
        self.spawn(stop, |upkeep, stop| async move {
            upkeep.write_checkpoints(stop).await
        });
    }

    /// Does once more, before the end, what would otherwise wait for the next start.
    pub async fn finish(&self) {
        Trouble::new("settling").note(&self.settler.flush().await);
        Trouble::new("relaying").note(&self.relay.drain().await);
        Trouble::new("writing audit records").note(&self.audit.flush().await);
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(
        &self,
        stop: &Stop,
        work: impl FnOnce(Self, Stop) -> F,
    ) {
        self.runtime
            .spawner
            .spawn(Box::pin(work(self.clone(), stop.clone())));
    }

    async fn settle(self, mut stop: Stop) {
        let mut trouble = Trouble::new("settling");
        while !stop.within(&self.runtime, SETTLE_PERIOD).await {
            trouble.note(&self.settler.flush().await);
        }
    }

    async fn relay(self, mut stop: Stop) {
        let (mut trouble, lag) = (Trouble::new("relaying"), OUTBOX_LAG.gauge(NO_LABELS));
        loop {
            let carried = trouble.note(&self.relay.drain().await);
            lag.set(self.outbox_lag().as_secs_f64());
            let wait = if carried { GATHER } else { AGAIN };
            if stop.within(&self.runtime, wait).await {
                return;
            }
            // Whoever called while we waited is heard here at once.
            self.runtime
                .within(RELAY_PERIOD, self.relay.arrived())
                .await;
        }
    }

    /// How long ago the oldest row was left that is known to be in the outbox still.
    fn outbox_lag(&self) -> Duration {
        let now = self.runtime.clock.now();
        let age = |left: Timestamp| now.millis().saturating_sub(left.millis());
        let millis = self.relay.oldest_left().map_or(0, age);
        Duration::from_millis(u64::try_from(millis).unwrap_or(0))
    }

    async fn recover(self, mut stop: Stop) {
        let period = RECOVERY_PERIOD.min(self.recovery.grace());
        let mut trouble = Trouble::new("recovery");
        loop {
            let round = self.recovery.round().await;
            trouble.note(&round);
            if let Ok(done) = round
                && done != Recovered::default()
            {
                tracing::info!(
                    settled = done.settled,
                    released = done.released,
                    open = done.open,
                    reopened = done.reopened,
                    "recovery brought unfinished work to its end"
                );
            }
            if stop.within(&self.runtime, period).await {
                return;
            }
        }
    }

    async fn write_audit(self, mut stop: Stop) {
        let mut trouble = Trouble::new("writing audit records");
        loop {
            self.runtime
                .within(RELAY_PERIOD, self.audit.arrived())
                .await;
            let wait = if trouble.note(&self.audit.flush().await) {
                GATHER
            } else {
                AGAIN
            };
            if stop.within(&self.runtime, wait).await {
                return;
            }
        }
    }

    async fn write_checkpoints(self, mut stop: Stop) {
        let mut trouble = Trouble::new("writing checkpoints");
        while !stop.within(&self.runtime, checkpoint::PERIOD).await {
            trouble.note(&self.checkpoints.write().await);
        }
    }

    async fn forget_audit(self, mut stop: Stop) {
        let mut trouble = Trouble::new("deleting old audit records");
        loop {
            let round = self.retention.round(self.runtime.clock.as_ref()).await;
            trouble.note(&round);
            let wait = match round {
                Ok(true) => RETENTION_PAUSE,
                _ => RETENTION_PERIOD,
            };
            if stop.within(&self.runtime, wait).await {
                return;
            }
        }
    }

    async fn forget(self, mut stop: Stop) {
        let mut trouble = Trouble::new("forgetting");
        loop {
            let keys = self.forget_keys().await;
            let sessions = self.forget_sessions().await;
            let attempts = self.forget_attempts().await;
            trouble.note(&keys.and(sessions).and(attempts));
            if stop.within(&self.runtime, FORGET_PERIOD).await {
                return;
            }
        }
    }

    async fn forget_keys(&self) -> Result<(), StoreError> {
        let before = self.runtime.clock.now().minus(KEY_LIFE);
        let forget = || self.bookings.forget_keys(before, MAX_FORGOTTEN);
        while forget().await? == MAX_FORGOTTEN {}
        Ok(())
    }

    async fn forget_attempts(&self) -> Result<(), StoreError> {
        let (idle, unseen) = (throttle::REMEMBERED, throttle::KNOWN_FOR);
        let forget = || self.attempts.forget(idle, unseen, MAX_FORGOTTEN);
        while forget().await? {}
        Ok(())
    }

    async fn forget_sessions(&self) -> Result<(), StoreError> {
        let before = self.runtime.clock.now().minus(SESSION_REST);
        let forget = || self.sessions.forget_expired(before, MAX_FORGOTTEN);
        while forget().await? {}
        Ok(())
    }
}

/// Counts rounds of some work. Logs when it begins to fail and when it goes on, and not each failure in
/// between: a store that is away for an hour is two lines.
struct Trouble {
    work: &'static str,
    failing: bool,
    done: Counter,
    failed: Counter,
}

impl Trouble {
    fn new(work: &'static str) -> Self {
        Self {
            work,
            failing: false,
            done: UPKEEP_ROUNDS.counter([work, "done"]),
            failed: UPKEEP_ROUNDS.counter([work, "failed"]),
        }
    }

    /// Takes note of a result; whether it is a success.
    fn note<T>(&mut self, result: &Result<T, StoreError>) -> bool {
        let counter = match result {
            Ok(_) => &self.done,
            Err(_) => &self.failed,
        };
        counter.increment(1);
        let was_failing = std::mem::replace(&mut self.failing, result.is_err());
        match result {
            Err(error) if !was_failing => {
                tracing::warn!(
                    work = self.work,
                    error = chain(error),
                    "background work fails and will be tried again"
                );
            }
            Ok(_) if was_failing => tracing::info!(work = self.work, "background work goes on"),
            _ => {}
        }
        result.is_ok()
    }
}
