//! Who may call at this moment.

mod directory;
#[cfg(test)]
mod tests;

use async_trait::async_trait;
pub use directory::UserDirectory;

use crate::request::Identity;

/// Why a caller is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is expired, malformed or not ours, or its user does not exist any more")]
pub struct InvalidToken;

/// Turns a token into the one who calls.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AccessControl: Send + Sync {
    /// The user behind `token`, with the role that the user has now. A user who was deleted is refused
    /// within 5 seconds, on every instance.
    async fn admit(&self, token: &str) -> Result<Identity, InvalidToken>;
}
