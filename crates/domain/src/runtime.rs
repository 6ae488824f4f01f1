//! The ports to the machine: time, sleeping, tasks and ids.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Either, select};
use tokio::sync::{oneshot, watch};
use tracing::Instrument;

use crate::audit::AuditId;
use crate::event::EventId;
use crate::session::SessionId;
use crate::stock::{ClosingToken, ReservationId};
use crate::time::Timestamp;

/// A task: runs to its end by itself.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Tells the time.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Clock: Send + Sync {
    /// The time of day, UTC.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment; never goes back, goes on while the process is suspended or
    /// not, as the platform has it.
    fn monotonic(&self) -> Duration;
}

/// Sleeps.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait Timer: Send + Sync {
    /// Returns after `span`.
    async fn sleep(&self, span: Duration);
}

/// Starts tasks that outlive their starter.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait Spawner: Send + Sync {
    /// Runs `task` to its end, whatever becomes of the caller. An orderly shutdown waits for it.
    fn spawn(&self, task: Task);
}

/// Makes ids that nobody has made before.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait IdGenerator: Send + Sync {
    /// A new event id (ObjectId: seconds, randomness, counter).
    fn event_id(&self) -> EventId;
    /// A new reservation id (UUIDv7, RFC 9562).
    fn reservation_id(&self) -> ReservationId;
    /// A new token for the try to delete an event.
    fn closing_token(&self) -> ClosingToken;
    /// A new audit record id (ObjectId).
    fn audit_id(&self) -> AuditId;
    /// A new session id (UUIDv7, RFC 9562).
    fn session_id(&self) -> SessionId;
}

/// The machine's ports together, as the use cases take them.
#[derive(Clone)]
pub struct Runtime {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Sleeping.
    pub timer: Arc<dyn Timer>,
    /// Tasks.
    pub spawner: Arc<dyn Spawner>,
    /// Ids.
    pub ids: Arc<dyn IdGenerator>,
}

impl Runtime {
    /// Runs `work` in a task of its own and waits for its result, at most `deadline`.
    ///
    /// `None` means that the deadline passed: the work goes on all the same. The task of its own is
    /// why a client that hangs up interrupts nothing between two databases.
    pub async fn in_own_task<T: Send + 'static>(
        &self,
        deadline: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (sender, receiver) = oneshot::channel();
        // In the span of the request, so that its id is in what the work logs.
        let work = work.in_current_span();
        self.spawner.spawn(Box::pin(async move {
            // The receiver is gone when the client hung up; the work counts, not its answer.
            let _ = sender.send(work.await);
        }));
        self.within(deadline, receiver).await?.ok()
    }

    /// Waits for `work`, at most `span`; `None` when it did not come to its end.
    pub async fn within<T>(
        &self,
        span: Duration,
        work: impl Future<Output = T> + Send,
    ) -> Option<T> {
        match select(std::pin::pin!(work), self.timer.sleep(span)).await {
            Either::Left((value, _)) => Some(value),
            Either::Right(((), _)) => None,
        }
    }
}

/// Asks background work to come to its end.
pub struct StopSignal(watch::Sender<bool>);

/// Tells background work when to come to its end.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl StopSignal {
    /// A signal, and what it is heard by.
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Asks all who listen to stop.
    pub fn send(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Returns when stopping is asked for, or nobody is left to ask.
    pub async fn requested(&mut self) {
        // An error means that the sender is gone: then nobody wants the work any more.
        let _ = self.0.wait_for(|stop| *stop).await;
    }

    /// Waits for `span`; `true` as soon as stopping is asked for.
    pub async fn within(&mut self, runtime: &Runtime, span: Duration) -> bool {
        let requested = std::pin::pin!(self.requested());
        matches!(
            select(requested, runtime.timer.sleep(span)).await,
            Either::Left(_)
        )
    }
}
