//! Transactions: the few changes that write to two documents.
//!
//! While one is open, other writes to its documents wait; a process that dies in it leaves it to the
//! server's `transactionLifetimeLimitSeconds`. So nothing that sells uses one, its key is written first and
//! the event last, and each runs in a task of its own: the driver ends no transaction whose first statement
//! was given up, and a statement that is on its way arrives all the same.

use std::time::Duration;

use mongodb::ClientSession;
use mongodb::error::{Error, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use tokio::time::{Instant, sleep};

use crate::connection::{CALL_LIMIT, MongoDatabase, bounded};
use crate::error::MongoError;

/// The pause before work that lost against another write is done anew.
const PAUSE: Duration = Duration::from_millis(5);
/// The pause before a commit is sent anew.
const COMMIT_PAUSE: Duration = Duration::from_millis(50);
/// How long the end of a transaction is tried to be told to the server: as long as the server keeps one,
/// unless told otherwise.
const END_LIMIT: Duration = Duration::from_secs(60);

/// Work that is one transaction, and may be done anew as long as none of it is there.
pub(crate) trait Work: Send + Sync + 'static {
    /// What comes of it.
    type Done: Send + 'static;

    /// Does it in the open transaction of `session`; `None` if there is nothing to be done.
    fn steps(
        &self,
        session: &mut ClientSession,
    ) -> impl Future<Output = Result<Option<Self::Done>, MongoError>> + Send;
}

/// Does `work` whole or not at all, and waits for it within the time that a call has. After an error it may
/// be done all the same, or be done later; trying anew tells, since the work remembers its key.
///
/// Whoever waits may give up at any moment: the task goes on until the transaction is committed or aborted.
pub(crate) async fn transact<W: Work>(
    database: &MongoDatabase,
    work: W,
) -> Result<Option<W::Done>, MongoError> {
    let runtime = database.runtime();
    let task = runtime.spawn(bounded(END_LIMIT, to_its_end(database.clone(), work)));
    // A task that broke off is like an answer that never comes: how it ended is not known.
    bounded(CALL_LIMIT, async {
        task.await.unwrap_or(Err(MongoError::TimedOut))
    })
    .await
}

/// Does it anew as long as somebody may wait for it.
async fn to_its_end<W: Work>(
    database: MongoDatabase,
    work: W,
) -> Result<Option<W::Done>, MongoError> {
    let deadline = Instant::now() + CALL_LIMIT;
    let mut session = database.client().start_session().await?;
    loop {
        match once(&mut session, &work).await {
            Err(MongoError::Driver(error)) if is_transient(&error) && Instant::now() < deadline => {
                sleep(PAUSE).await;
            }
            end => return end,
        }
    }
}

async fn once<W: Work>(
    session: &mut ClientSession,
    work: &W,
) -> Result<Option<W::Done>, MongoError> {
    session.start_transaction().await?;
    match work.steps(session).await {
        Ok(Some(done)) => commit(session).await.map(|()| Some(done)),
        end => {
            // Whether it arrives makes no difference to what is there: nothing is before a commit.
            let _ = session.abort_transaction().await;
            end
        }
    }
}

/// A commit may be sent again and again: the server knows it by its number. As long as it is not told, the
/// documents may be locked.
async fn commit(session: &mut ClientSession) -> Result<(), MongoError> {
    loop {
        match session.commit_transaction().await {
            Err(error) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) => {
                sleep(COMMIT_PAUSE).await;
            }
            end => return Ok(end?),
        }
    }
}

fn is_transient(error: &Error) -> bool {
    error.contains_label(TRANSIENT_TRANSACTION_ERROR)
}
