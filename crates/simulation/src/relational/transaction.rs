//! Transactions between an instance and the server: steps, and then a commit or a rollback. Either side
//! may vanish in between.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};

use super::engine::{self, Lock, Locked, TxId};
use super::tables::{Change, Tables};
use crate::line::{Line, Lost};
use crate::mutation::Mutation;
use crate::world::World;

/// The longest that a call for a request may last.
pub(crate) const CALL_LIMIT: Duration = Duration::from_millis(2_400);
/// The longest that a statement waits for a lock.
const LOCK_WAIT: Duration = Duration::from_secs(2);
/// How often a read is made anew when the connection is lost before its mark is acknowledged.
const READS: usize = 3;

/// What a statement is answered, or that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A unique key is taken.
    Duplicate,
    /// The server rolled the transaction back in favour of another one.
    Deadlock,
    /// A row stayed locked for too long. Only the statement was undone.
    LockTimeout,
    /// There is no answer.
    Silent,
}

/// Why a transaction did not end as wished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TxError {
    /// Proven: nothing of it is there, and nothing will be.
    RolledBack(Fault),
    /// It may be there, or may come to be.
    Unknown,
}

/// What its steps make of a transaction.
pub(crate) enum Verdict<T> {
    /// It is to be committed; the value counts once it is.
    Commit(T),
    /// It wrote nothing that is to stay.
    Drop(T),
}

/// The server's side of an open transaction.
#[derive(Clone)]
pub(crate) struct Tx {
    pub(crate) world: Arc<World>,
    id: TxId,
}

impl Tx {
    /// Takes a lock, or waits for it as long as one waits. Real servers find deadlocks where nobody expects
    /// any, between gaps of an index for one; so here they come by chance.
    pub(crate) async fn lock(&self, lock: Lock) -> Result<(), Fault> {
        if self.world.strikes(self.world.profile.deadlock) {
            self.roll_back();
            return Err(Fault::Deadlock);
        }
        let deadline = Instant::now() + LOCK_WAIT;
        loop {
            let moved = self.world.relational.moved.notified();
            let locked = self.world.state().relational.lock(self.id, &lock);
            match locked {
                Locked::Mine => return Ok(()),
                Locked::Gone => return Err(Fault::Silent),
                Locked::Busy => {}
            }
            if timeout_at(deadline, moved).await.is_err() {
                return Err(Fault::LockTimeout);
            }
        }
    }

    /// Time goes by while a statement works.
    pub(crate) async fn dwell(&self) {
        sleep(self.world.dwell()).await;
    }

    /// Reads what is committed, and gives out numbers.
    pub(crate) fn tables<T>(&self, read: impl FnOnce(&mut Tables) -> T) -> T {
        read(&mut self.world.state().relational.live)
    }

    /// Writes, to be seen when it is committed.
    pub(crate) fn change(&self, changes: impl IntoIterator<Item = Change>) {
        self.world.state().relational.change(self.id, changes);
    }

    fn roll_back(&self) {
        self.world.state().relational.roll_back(self.id);
        self.world.relational.moved.notify_waiters();
    }
}

/// What an instance says to its open transaction; its silence means that it has vanished.
enum Command {
    Commit(Duration, oneshot::Sender<bool>),
    RollBack(oneshot::Sender<bool>),
}

/// The steps of a transaction, on the server.
pub(crate) type Steps<T> =
    Box<dyn FnOnce(Tx) -> BoxFuture<'static, Result<Verdict<T>, Fault>> + Send>;

/// Steps from an async closure.
pub(crate) fn steps<T, F>(work: impl FnOnce(Tx) -> F + Send + 'static) -> Steps<T>
where
    F: Future<Output = Result<Verdict<T>, Fault>> + Send + 'static,
{
    Box::new(|tx| Box::pin(work(tx)))
}

type Stepped<T> = Result<Result<Verdict<T>, Fault>, Lost>;

/// Carries a transaction out, giving up at `deadline`.
pub(crate) async fn transact<T: Send + 'static>(
    line: &Line,
    what: &str,
    deadline: Instant,
    steps: Steps<T>,
) -> Result<T, TxError> {
    let not_begun = |_: Lost| TxError::RolledBack(Fault::Silent);
    line.depart(what).await.map_err(not_begun)?;
    let (answer, answered) = oneshot::channel();
    let (command, commands) = oneshot::channel();
    let (world, transit) = (Arc::clone(&line.world), line.world.transit());
    line.server().tasks.spawn(async move {
        sleep(transit).await;
        if world.relational.is_up() {
            serve(world, steps, answer, commands).await;
        } else {
            // Nobody may be listening any more.
            let _ = answer.send(Err(Lost::NotSent));
        }
    });
    let left = deadline.saturating_duration_since(Instant::now());
    let stepped: Stepped<T> = line
        .await_answer(what, left, answered)
        .await
        .map_err(|_| TxError::Unknown)?;
    let half = line.world.has(Mutation::HalfGroup);
    match stepped.map_err(not_begun)? {
        Ok(Verdict::Drop(value)) => {
            // Whether it arrives makes no difference.
            let _ = command.send(Command::RollBack(oneshot::channel().0));
            Ok(value)
        }
        Ok(Verdict::Commit(value)) => {
            let (done, answered) = oneshot::channel();
            // The server may be gone; then there is no answer either.
            let _ = command.send(Command::Commit(line.world.transit_of_commit(), done));
            match end(line, &format!("commit of {what}"), deadline, answered).await {
                true => Ok(value),
                false => Err(TxError::Unknown),
            }
        }
        Err(fault) => {
            line.world
                .note(&line.life.name, format_args!("{what}: {fault:?}"));
            let (done, answered) = oneshot::channel();
            let order = if half && fault == Fault::LockTimeout {
                Command::Commit(Duration::ZERO, done)
            } else {
                Command::RollBack(done)
            };
            let _ = command.send(order);
            match end(line, &format!("rollback of {what}"), deadline, answered).await {
                true => Err(TxError::RolledBack(fault)),
                false => Err(TxError::Unknown),
            }
        }
    }
}

/// Waits for the answer to a commit or rollback; only a "yes" proves anything.
async fn end(
    line: &Line,
    what: &str,
    deadline: Instant,
    answered: oneshot::Receiver<bool>,
) -> bool {
    let left = deadline.saturating_duration_since(Instant::now());
    line.await_answer(what, left, answered).await == Ok(true)
}

/// The server's side.
async fn serve<T>(
    world: Arc<World>,
    steps: Steps<T>,
    answer: oneshot::Sender<Stepped<T>>,
    commands: oneshot::Receiver<Command>,
) {
    let id = world.state().relational.begin();
    let tx = Tx {
        world: Arc::clone(&world),
        id,
    };
    let result = steps(tx.clone()).await;
    let _ = answer.send(Ok(result));
    match commands.await {
        Ok(Command::Commit(way, done)) => {
            sleep(way).await;
            let _ = done.send(engine::commit(&world, id).await);
        }
        Ok(Command::RollBack(done)) => {
            tx.roll_back();
            let _ = done.send(true);
        }
        Err(_) => {
            sleep(vanished(&world)).await;
            tx.roll_back();
        }
    }
}

/// How long a server believes in a client that has vanished: until it sees the connection closed, or
/// until its patience ends, which is shorter than the grace.
fn vanished(world: &World) -> Duration {
    if world.strikes(world.profile.vanish) {
        world.grace * 2 / 3
    } else {
        world.dice.millis(0, 20)
    }
}

/// Reads, and makes sure that what was seen is on disk: the log is one sequence, so a write of one's own
/// that was acknowledged after the read proves it. `read` also says whether it saw anything that another
/// session may just have written. `careless` is the mistake of not caring, where it matters.
pub(crate) async fn durable<T: Send + 'static>(
    line: &Line,
    what: &str,
    careless: Option<Mutation>,
    read: impl Fn(&Tables) -> (T, bool) + Clone + Send + 'static,
) -> Result<T, TxError> {
    let deadline = Instant::now() + CALL_LIMIT;
    let mut tries = READS;
    loop {
        let read = read.clone();
        let marked = steps(move |tx: Tx| async move {
            let (found, seen) = tx.tables(|tables| read(tables));
            if !seen || careless.is_some_and(|mistake| tx.world.has(mistake)) {
                return Ok(Verdict::Drop(found));
            }
            tx.change([Change::Mark]);
            Ok(Verdict::Commit(found))
        });
        let error = match transact(line, what, deadline, marked).await {
            Ok(found) => return Ok(found),
            Err(error) => error,
        };
        tries -= 1;
        if tries == 0 || Instant::now() >= deadline {
            return Err(error);
        }
    }
}
