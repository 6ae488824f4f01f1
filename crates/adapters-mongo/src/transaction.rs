//! Transactions: the few changes that write to two documents.
//!
//! While one is open, other writes to its documents wait; a process that dies in it leaves it to the
//! server's `transactionLifetimeLimitSeconds`. So nothing that sells uses one, and its documents are written
//! right before its end.

use std::time::Duration;

use mongodb::ClientSession;
use mongodb::error::{Error, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use tokio::time::sleep;

use crate::connection::{CALL_LIMIT, MongoDatabase, bounded};
use crate::error::MongoError;

/// The pause before work that lost against another write is done anew.
const PAUSE: Duration = Duration::from_millis(5);

/// Work that is one transaction, and may be done anew as long as none of it is there.
pub(crate) trait Work: Sync {
    /// What comes of it.
    type Done: Send;

    /// Does it in the open transaction of `session`; `None` if there is nothing to be done.
    fn steps(
        &self,
        session: &mut ClientSession,
    ) -> impl Future<Output = Result<Option<Self::Done>, MongoError>> + Send;
}

/// Does `work` whole or not at all, within the time that a call has. An error after the commit was sent
/// leaves it unknown which of the two; trying anew tells, since the work remembers its key.
pub(crate) async fn transact<W: Work>(
    database: &MongoDatabase,
    work: &W,
) -> Result<Option<W::Done>, MongoError> {
    bounded(CALL_LIMIT, async {
        let mut session = database.client().start_session().await?;
        loop {
            match once(&mut session, work).await {
                Err(MongoError::Driver(error)) if is_transient(&error) => sleep(PAUSE).await,
                end => return end,
            }
        }
    })
    .await
}

async fn once<W: Work>(
    session: &mut ClientSession,
    work: &W,
) -> Result<Option<W::Done>, MongoError> {
    session.start_transaction().await?;
    match work.steps(session).await {
        Ok(Some(done)) => commit(session).await.map(|()| Some(done)),
        end => {
            // Whether it arrives makes no difference: nothing is there before a commit.
            let _ = session.abort_transaction().await;
            end
        }
    }
}

/// A commit may be sent again and again: the server knows it by its number.
async fn commit(session: &mut ClientSession) -> Result<(), MongoError> {
    loop {
        match session.commit_transaction().await {
            Err(error) if error.contains_label(UNKNOWN_TRANSACTION_COMMIT_RESULT) => {
                sleep(PAUSE).await;
            }
            end => return Ok(end?),
        }
    }
}

fn is_transient(error: &Error) -> bool {
    error.contains_label(TRANSIENT_TRANSACTION_ERROR)
}
