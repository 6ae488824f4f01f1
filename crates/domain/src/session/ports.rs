//! What sessions need from outside.

use async_trait::async_trait;

use super::{RefreshToken, RefreshTokenHash, SessionId};
use crate::error::StoreError;
use crate::time::Timestamp;
use crate::user::{PasswordHash, Role, User, UserId};

/// A session to be opened.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The hash that the password was checked against.
    pub checked: PasswordHash,
    /// Its first refresh token.
    pub refresh: RefreshTokenHash,
    /// When it is opened.
    pub at: Timestamp,
    /// Until when it and its refresh token are good.
    pub expires_at: Timestamp,
}

/// What became of a session to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// It is on disk.
    Opened,
    /// The user is gone, or has another password by now.
    CredentialsChanged,
}

/// A refresh token that is used, and the one that replaces it.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The one that is used.
    pub used: RefreshTokenHash,
    /// The one that replaces it.
    pub next: RefreshTokenHash,
    /// When.
    pub at: Timestamp,
    /// Until when the next one is good, and with it the session.
    pub expires_at: Timestamp,
}

/// What became of a rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RotateOutcome {
    /// The token was good and is used up; the next one is on disk.
    Rotated {
        /// The session.
        session_id: SessionId,
        /// Whose it is, as the user is now.
        user: User,
    },
    /// The token had been used before, in a session that was alive: somebody has stolen it. The session
    /// is ended, and that is on disk.
    Reused {
        /// The session.
        session_id: SessionId,
        /// Whose it was.
        user_id: UserId,
    },
    /// The token is unknown or expired, its session ended, or its user gone. Nothing was changed.
    Refused,
}

/// A password that replaces another one.
#[derive(Debug, Clone)]
pub struct PasswordChange {
    /// Whose.
    pub user_id: UserId,
    /// The hash that the present password was checked against.
    pub checked: PasswordHash,
    /// The hash of the new one.
    pub new: PasswordHash,
    /// The session that goes on.
    pub keep: SessionId,
    /// When.
    pub at: Timestamp,
}

/// A session that is alive, with what its user may do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LiveSession {
    /// Whose it is.
    pub user_id: UserId,
    /// The user's present role.
    pub role: Role,
}

/// Keeps the sessions and the hashes of their refresh tokens.
///
/// A session is *alive* from its opening until it is ended or expires, as long as its user is one. What
/// is answered as done is on disk. After an error a write may have been done or not.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// Opens a session, if the user's password hash is still the one that was checked: a password that
    /// is changed at the same moment lets nobody in who knows only the old one.
    async fn open(&self, session: &NewSession) -> Result<Opening, StoreError>;

    /// Uses a refresh token up and puts the next one in its place, in one transaction: of any number of
    /// uses at once exactly one succeeds. A later use ends the session.
    async fn rotate(&self, rotation: &Rotation) -> Result<RotateOutcome, StoreError>;

    /// Ends a session. One that has ended, or is not there, is ended.
    async fn end(&self, id: SessionId, at: Timestamp) -> Result<(), StoreError>;

    /// Ends all sessions of a user.
    async fn end_all(&self, user: UserId, at: Timestamp) -> Result<(), StoreError>;

    /// Replaces the password's hash and ends all sessions of the user but one, in one transaction.
    /// `false`, and nothing is done, if the hash is not the checked one any more or the user is gone.
    async fn change_password(&self, change: &PasswordChange) -> Result<bool, StoreError>;

    /// Those of the sessions (at most 1,000) that are alive at `now`; the others are missing from the
    /// answer. One query.
    async fn living(
        &self,
        ids: &[SessionId],
        now: Timestamp,
    ) -> Result<Vec<(SessionId, LiveSession)>, StoreError>;

    /// Deletes up to `limit` refresh tokens and up to `limit` sessions that expired before `before`;
    /// whether there may be more of them.
    async fn forget_expired(&self, before: Timestamp, limit: u64) -> Result<bool, StoreError>;
}

/// Makes secrets that nobody can guess.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait SecretSource: Send + Sync {
    /// A new refresh token from 256 bits of a cryptographic random generator.
    fn refresh_token(&self) -> RefreshToken;
}
