//! The line from an instance to a server, on which everything can go wrong.

use std::future::{Future, pending};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::machine::Life;
use crate::world::{Server, World};

/// Which server a line leads to.
#[derive(Debug, Clone, Copy)]
pub(crate) enum To {
    Relational,
    Documents,
}

/// Why a call has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Proven: it was not carried out and will not be.
    NotSent,
    /// It may have been carried out, or may be later.
    Unknown,
}

/// A line. It dies with the instance that holds it.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) world: Arc<World>,
    pub(crate) life: Arc<Life>,
    to: To,
}

impl Line {
    pub(crate) fn new(world: Arc<World>, life: Arc<Life>, to: To) -> Self {
        Self { world, life, to }
    }

    pub(crate) fn server(&self) -> &Server {
        match self.to {
            To::Relational => &self.world.relational,
            To::Documents => &self.world.documents,
        }
    }

    /// Has the server do `work` and waits for the answer, at most `limit`. What has arrived is carried
    /// out, whoever still listens.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        what: &str,
        limit: Duration,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Lost> {
        self.depart(what).await?;
        let (answer, answered) = oneshot::channel();
        let (line, transit) = (self.clone(), self.world.transit());
        self.server().tasks.spawn(async move {
            sleep(transit).await;
            let result = if line.server().is_up() {
                Ok(work.await)
            } else {
                Err(Lost::NotSent)
            };
            // Nobody may be listening any more.
            let _ = answer.send(result);
        });
        self.await_answer(what, limit, answered).await?
    }

    /// What can happen before a request leaves. An error means that nothing was sent.
    pub(crate) async fn depart(&self, what: &str) -> Result<(), Lost> {
        let (world, name) = (&self.world, &self.life.name);
        if world.strikes(world.profile.stall) {
            let grace = u64::try_from(world.grace.as_millis()).unwrap_or(u64::MAX);
            let span = world.dice.millis(500, grace * 3 / 2);
            world.note(name, format_args!("stands still before: {what}"));
            sleep(span).await;
        }
        self.may_crash(what).await;
        if world.strikes(world.profile.error_before) {
            sleep(world.dice.millis(0, 20)).await;
            world.note(name, format_args!("{what}: not sent"));
            return Err(Lost::NotSent);
        }
        Ok(())
    }

    /// Waits for the answer to what was sent.
    pub(crate) async fn await_answer<T>(
        &self,
        what: &str,
        limit: Duration,
        answered: oneshot::Receiver<T>,
    ) -> Result<T, Lost> {
        let (world, name) = (&self.world, &self.life.name);
        self.may_crash(what).await;
        let why = match timeout(limit, answered).await {
            Ok(Ok(value)) => {
                if !world.strikes(world.profile.answer_lost) {
                    world.note(name, format_args!("{what}"));
                    return Ok(value);
                }
                sleep(world.dice.millis(0, 300)).await;
                "answer lost"
            }
            Ok(Err(_)) => "connection lost",
            Err(_) => "no answer in time",
        };
        world.note(name, format_args!("{what}: {why}"));
        Err(Lost::Unknown)
    }

    async fn may_crash(&self, what: &str) {
        let world = &self.world;
        if world.strikes(world.profile.crash / 2) && world.crashes.take() {
            world.note(&self.life.name, format_args!("crashes at: {what}"));
            self.life.end();
            // The end comes at the next wait, and this one never ends by itself.
            pending::<()>().await;
        }
    }
}
