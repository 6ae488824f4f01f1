//! Transactions whose end is known, or known to be unknown.

use std::future::Future;

use domain::error::StoreError;
use sea_orm::{DatabaseTransaction, DbErr, TransactionTrait};
use tokio::time::{Instant, timeout_at};

use super::fault::{Fault, SqlError};
use super::store::{CALL_LIMIT, SqlStore};

/// How often a beginning is tried: a restart of the server leaves as many dead connections as the pool
/// holds, and each shows only when it is used.
const BEGINNINGS: usize = 40;

/// Why a transaction did not end as wished.
#[derive(Debug)]
pub(crate) enum TransactionError {
    /// Proven: nothing of it is there, and nothing will be.
    RolledBack(Fault, StoreError),
    /// It may be there, or may come to be.
    Unknown(StoreError),
}

impl From<TransactionError> for StoreError {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::RolledBack(_, error) | TransactionError::Unknown(error) => error,
        }
    }
}

/// How often work that lost against a deadlock is done anew.
const TRIES: usize = 8;

/// Work that is one transaction, and may be done anew after a deadlock.
pub(crate) trait Work: Sync {
    /// What comes of it.
    type Done: Send;

    /// Does it on the open transaction.
    fn steps(
        &self,
        on: &DatabaseTransaction,
    ) -> impl Future<Output = Result<Verdict<Self::Done>, DbErr>> + Send;
}

/// Does `work` in a transaction, within the time that a call has.
pub(crate) async fn transact<W: Work>(
    store: &SqlStore,
    work: &W,
) -> Result<W::Done, TransactionError> {
    let deadline = Instant::now() + CALL_LIMIT;
    let mut tries = TRIES;
    loop {
        let begun = store.begin(deadline).await;
        let transaction =
            begun.map_err(|error| TransactionError::RolledBack(Fault::Silent, error))?;
        let steps = transaction.steps(work.steps(transaction.on())).await;
        tries -= 1;
        match transaction.end(steps).await {
            Err(TransactionError::RolledBack(Fault::Deadlock, _)) if tries > 0 => {}
            end => return end,
        }
    }
}

/// What its steps make of a transaction.
pub(crate) enum Verdict<T> {
    /// It is to be committed; the value counts once it is.
    Commit(T),
    /// It wrote nothing that is to stay.
    Drop(T),
}

/// An open transaction.
pub(crate) struct Transaction {
    inner: DatabaseTransaction,
    store: SqlStore,
    deadline: Instant,
}

impl Transaction {
    /// Begins. An error proves that nothing was done: all that may have been sent is `BEGIN`.
    pub(super) async fn begin(store: &SqlStore, deadline: Instant) -> Result<Self, StoreError> {
        let mut tries = BEGINNINGS;
        loop {
            let options = (store.dialect().begin)();
            let begun = timeout_at(deadline, store.writer().begin_with_options(options)).await;
            let error = match begun {
                Ok(Ok(inner)) => {
                    return Ok(Self {
                        inner,
                        store: store.clone(),
                        deadline,
                    });
                }
                Ok(Err(error)) => error,
                Err(_) => return Err(store.silence()),
            };
            tries -= 1;
            let died = matches!(error, DbErr::Query(_) | DbErr::Exec(_))
                && (store.dialect().fault)(&error) == Fault::Silent;
            if tries == 0 || !died {
                return Err(store.error(error));
            }
        }
    }

    /// Where its statements go.
    pub(crate) fn on(&self) -> &DatabaseTransaction {
        &self.inner
    }

    /// Does `steps`, which use [`Self::on`], and gives up at the deadline. The result is for
    /// [`Self::end`].
    pub(crate) async fn steps<T>(
        &self,
        steps: impl Future<Output = Result<Verdict<T>, DbErr>>,
    ) -> Option<Result<Verdict<T>, DbErr>> {
        timeout_at(self.deadline, steps).await.ok()
    }

    /// Ends it as its steps decided.
    pub(crate) async fn end<T>(
        self,
        steps: Option<Result<Verdict<T>, DbErr>>,
    ) -> Result<T, TransactionError> {
        match steps {
            Some(Ok(Verdict::Commit(value))) => self.commit().await.map(|()| value),
            // Dropping sends the rollback; whether it arrives makes no difference.
            Some(Ok(Verdict::Drop(value))) => Ok(value),
            Some(Err(error)) => Err(self.roll_back(error).await),
            // A statement is on its way. The pool waits a moment for its answer and that of the
            // rollback, and otherwise closes the connection.
            None => Err(TransactionError::Unknown(self.store.silence())),
        }
    }

    /// An error of the commit, even an answered one, proves nothing: a server can fail between
    /// writing the commit to its log and saying so.
    async fn commit(self) -> Result<(), TransactionError> {
        let (store, deadline) = (self.store, self.deadline);
        match timeout_at(deadline, self.inner.commit()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(TransactionError::Unknown(store.error(error))),
            Err(_) => Err(TransactionError::Unknown(store.silence())),
        }
    }

    /// An answered error leaves the transaction open (a lock timeout or a duplicate undoes its
    /// statement alone, and a commit after it would keep half of a group). Only an acknowledged
    /// rollback proves that nothing stays.
    async fn roll_back(self, cause: DbErr) -> TransactionError {
        let (store, deadline) = (self.store, self.deadline);
        let fault = (store.dialect().fault)(&cause);
        if !fault.is_answered() {
            return TransactionError::Unknown(store.error(cause));
        }
        match timeout_at(deadline, self.inner.rollback()).await {
            Ok(Ok(())) => TransactionError::RolledBack(fault, store.error(cause)),
            Ok(Err(_)) | Err(_) => {
                let error = StoreError::unavailable(store.dialect().store, SqlError::new(cause));
                TransactionError::Unknown(error)
            }
        }
    }
}
