//! Who may call at this moment.

mod directory;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
pub use directory::SessionDirectory;

use crate::request::Caller;
use crate::session::SessionId;
use crate::user::{Role, UserId};

/// Why a caller is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is expired, malformed or not ours, or its session has ended")]
pub struct InvalidToken;

/// Why a caller is not admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdmitError {
    /// The caller is not believed.
    #[error(transparent)]
    Invalid(#[from] InvalidToken),
    /// The database is there and does not say in time whether the session is alive.
    #[error("the database does not say in time whether the session is alive")]
    Unavailable,
}

/// Turns a token into the one who calls.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AccessControl: Send + Sync {
    /// The user behind `token`, with the role that the user has now. When a session has ended, or its user
    /// was deleted or has another role, that counts within 5 seconds on every instance.
    async fn admit(&self, token: &str) -> Result<Caller, AdmitError>;
}

/// Hears what this instance itself did to sessions and users, once it is done, so that here it counts at
/// once.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait AccessNews: Send + Sync {
    /// A session has ended.
    fn ended(&self, session: SessionId);

    /// All sessions of a user have ended, but for the one given.
    fn all_ended(&self, user: UserId, but: Option<SessionId>);

    /// A user has another role.
    fn role_changed(&self, user: UserId, role: Role);
}
