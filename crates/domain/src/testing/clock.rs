//! Time that moves when a test says so.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::Duration;

use async_trait::async_trait;

use crate::runtime::{Clock, Timer};
use crate::time::Timestamp;

/// A clock that a test sets and moves, and a timer that goes by it: who sleeps wakes up when the
/// clock was moved far enough, at once and without any real waiting.
#[derive(Debug)]
pub struct ManualClock(Mutex<State>);

#[derive(Debug)]
struct State {
    now: Timestamp,
    monotonic: Duration,
    sleepers: Vec<(Duration, Waker)>,
}

impl ManualClock {
    /// A clock that stands at `now`.
    pub fn new(now: Timestamp) -> Self {
        Self(Mutex::new(State {
            now,
            monotonic: Duration::ZERO,
            sleepers: Vec::new(),
        }))
    }

    /// Sets the time of day. Monotonic time, and with it who sleeps, is not touched: so do real
    /// clocks when somebody corrects them.
    pub fn set(&self, now: Timestamp) {
        self.state().now = now;
    }

    /// Lets `span` pass, by the time of day and by monotonic time, and wakes who has slept enough.
    pub fn advance(&self, span: Duration) {
        let due = {
            let mut state = self.state();
            state.now = state.now.plus(span);
            state.monotonic += span;
            let monotonic = state.monotonic;
            let (due, rest) = std::mem::take(&mut state.sleepers)
                .into_iter()
                .partition::<Vec<_>, _>(|(end, _)| *end <= monotonic);
            state.sleepers = rest;
            due
        };
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that stands at the beginning of 2030.
impl Default for ManualClock {
    fn default() -> Self {
        Self::new(Timestamp::from_millis(1_893_456_000_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.state().now
    }

    fn monotonic(&self) -> Duration {
        self.state().monotonic
    }
}

#[async_trait]
impl Timer for ManualClock {
    async fn sleep(&self, span: Duration) {
        let end = self.monotonic() + span;
        std::future::poll_fn(|context| {
            let mut state = self.state();
            if state.monotonic >= end {
                return Poll::Ready(());
            }
            state.sleepers.push((end, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn the_clock_moves_only_by_hand() {
        let clock = ManualClock::new(Timestamp::from_millis(1_000));
        clock.advance(Duration::from_millis(5));
        assert_eq!(clock.now(), Timestamp::from_millis(1_005));
        clock.set(Timestamp::from_millis(7));
        assert_eq!(clock.now(), Timestamp::from_millis(7));
        assert_eq!(clock.monotonic(), Duration::from_millis(5));
    }

    #[tokio::test]
    async fn sleepers_wake_when_their_time_has_come() {
        let clock = ManualClock::default();
        let mut sleep = clock.sleep(Duration::from_secs(60));
        assert!((&mut sleep).now_or_never().is_none());
        clock.advance(Duration::from_secs(59));
        assert!((&mut sleep).now_or_never().is_none());
        let (_, ()) = tokio::join!(sleep, async { clock.advance(Duration::from_secs(1)) });
    }
}
