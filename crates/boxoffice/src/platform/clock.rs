//! Time and sleeping.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use domain::runtime::{Clock, Timer};
use domain::time::Timestamp;

/// The operating system's clocks.
pub(crate) struct SystemClock {
    start: Instant,
}

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the port's one implementation"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(chrono::Utc::now().timestamp_millis())
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// Sleeps on tokio's timer.
pub(crate) struct TokioTimer;

#[async_trait]
impl Timer for TokioTimer {
    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}
