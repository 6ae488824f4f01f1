//! What a store can answer instead of a result.

use std::error::Error;

/// The cause of a [`StoreError`], kept for the log and never shown to a client.
pub type Cause = Box<dyn Error + Send + Sync>;

/// A store did not do what it was asked. After a write that ended so, the outcome is *unknown*
/// unless the port says otherwise: it may have happened, or may happen later.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store is away, silent, overloaded or electing. The same call may succeed later.
    #[error("{store} is unavailable")]
    Unavailable {
        /// The store's name as operators know it: `mysql`, `mongodb`, `sqlite`.
        store: &'static str,
        /// What the driver said.
        source: Cause,
    },
    /// The store answered something that it never should: a fault of ours or of its data.
    #[error("{store} answered something unexpected")]
    Unexpected {
        /// The store's name, as above.
        store: &'static str,
        /// What the driver said.
        source: Cause,
    },
}

impl StoreError {
    /// The store is away: `source` says how that was noticed.
    pub fn unavailable(store: &'static str, source: impl Into<Cause>) -> Self {
        Self::Unavailable {
            store,
            source: source.into(),
        }
    }

    /// The store's answer makes no sense to us.
    pub fn unexpected(store: &'static str, source: impl Into<Cause>) -> Self {
        Self::Unexpected {
            store,
            source: source.into(),
        }
    }

    /// Whether trying again later can help.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// Renders an error with all its causes, for one log line.
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        line.push_str(": ");
        line.push_str(&cause.to_string());
        next = cause.source();
    }
    line
}

/// What can stop any use case, whatever it does.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It can't be done now. If it was a write, its outcome is unknown to the client, who may try again.
    #[error("not available now")]
    Unavailable(#[source] Cause),
    /// A fault of ours.
    #[error("something unexpected happened")]
    Unexpected(#[source] Cause),
}

impl Failure {
    /// It can't be done now, for the reason `why`.
    pub fn unavailable(why: impl Into<Cause>) -> Self {
        Self::Unavailable(why.into())
    }

    /// Whoever asked waits no longer; the work goes on.
    pub(crate) fn too_late() -> Self {
        Self::unavailable("the deadline passed before the outcome was known")
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            Self::Unavailable(error.into())
        } else {
            Self::Unexpected(error.into())
        }
    }
}

/// An error that several calls share.
impl From<std::sync::Arc<StoreError>> for Failure {
    fn from(error: std::sync::Arc<StoreError>) -> Self {
        if error.is_unavailable() {
            Self::Unavailable(error.into())
        } else {
            Self::Unexpected(error.into())
        }
    }
}

impl From<crate::user::HashError> for Failure {
    fn from(error: crate::user::HashError) -> Self {
        match error {
            crate::user::HashError::Busy => Self::Unavailable(error.into()),
            crate::user::HashError::Broken(_) => Self::Unexpected(error.into()),
        }
    }
}
