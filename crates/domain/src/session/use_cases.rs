//! What can be done with sessions, as the outside sees it.

use std::time::Duration;

use async_trait::async_trait;

use super::RefreshToken;
use crate::error::Failure;
use crate::request::{Caller, Identity, Origin};
use crate::user::{Email, Password, PasswordAttempt, SignedToken, User};

/// A refresh token and how long it is good.
#[derive(Debug, Clone)]
pub struct IssuedRefreshToken {
    /// The token.
    pub token: RefreshToken,
    /// Its life from now, in seconds.
    pub expires_in: u64,
}

/// What somebody has who is signed in.
#[derive(Debug, Clone)]
pub struct Login {
    /// The access token.
    pub token: SignedToken,
    /// What the next one is got with.
    pub refresh: IssuedRefreshToken,
    /// Whose they are.
    pub user: User,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Wrong password or unknown address: which one, nobody learns.
    #[error("wrong e-mail address or password")]
    WrongCredentials,
    /// Too many tries failed, of this account or from this address: whether there is such an account,
    /// nobody learns. The next one may come after the time given.
    #[error("too many wrong passwords")]
    Slowed(Duration),
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why there is no new access token.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The refresh token is unknown, used or expired, or its session has ended.
    #[error("the refresh token is not good (any more)")]
    Refused,
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why a password was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    /// The present password is another one.
    #[error("wrong password")]
    WrongPassword,
    /// Too many tries failed; the next one may come after the time given.
    #[error("too many wrong passwords")]
    Slowed(Duration),
    /// The user was deleted meanwhile.
    #[error("the user does not exist any more")]
    Gone,
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What can be done with sessions. All leave an audit record, but for refreshing, unless it shows a theft,
/// and for tries that are slowed.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionUseCases: Send + Sync {
    /// Signs in and opens a session. Takes the same time and gives the same answer for a wrong password
    /// and an unknown address.
    async fn log_in(
        &self,
        email: Email,
        attempt: PasswordAttempt,
        origin: &Origin,
    ) -> Result<Login, LoginError>;

    /// A new access token and a new refresh token for a refresh token, which is good for one use. Of two
    /// uses one is a thief's, and nobody knows which: the second one ends the session.
    async fn refresh(&self, token: RefreshToken, origin: &Origin) -> Result<Login, RefreshError>;

    /// Ends the caller's session.
    async fn log_out(&self, by: Caller, origin: &Origin) -> Result<(), Failure>;

    /// Ends all sessions of the caller's.
    async fn log_out_everywhere(&self, by: Identity, origin: &Origin) -> Result<(), Failure>;

    /// Changes the caller's password and ends all other sessions of the caller's.
    async fn change_password(
        &self,
        by: Caller,
        current: PasswordAttempt,
        new: Password,
        origin: &Origin,
    ) -> Result<(), ChangePasswordError>;
}
