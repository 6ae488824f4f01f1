//! What users need from outside.

use async_trait::async_trait;

use super::{
    Claims, Email, NewUser, Password, PasswordAttempt, PasswordHash, Role, SignedToken, User,
    UserFilter, UserId,
};
use crate::error::StoreError;
use crate::idempotency::KeyClaim;
use crate::page::{Page, PageRequest};
use crate::time::Timestamp;

/// A user with the hash that the password is checked against.
#[derive(Debug, Clone)]
pub struct Account {
    /// The user.
    pub user: User,
    /// The password's hash.
    pub password_hash: PasswordHash,
}

/// Why a user was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateUserError {
    /// Another user has that address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a first admin was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateAdminError {
    /// There is an admin already.
    #[error("an admin exists")]
    AdminExists,
    /// Another user has that address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A user whose role was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleChanged {
    /// The user, with the new role.
    pub user: User,
    /// The role until now.
    pub before: Role,
}

/// Why a user was not changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ChangeUserError {
    /// There is no such user (any more).
    #[error("there is no such user")]
    NotFound,
    /// Nobody else is an admin.
    #[error("the last admin stays")]
    LastAdmin,
    /// The caller did something else under that key before.
    #[error("the key is taken")]
    KeyTaken,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Keeps the users. A user whose row is gone or marked as deleted is no user for any of the reads.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UserRepository: Send + Sync {
    /// Stores a user under a new id. Of any number of calls at once with the same address (without
    /// regard to case) exactly one succeeds. On `Ok` the user is on disk.
    async fn insert(&self, user: &NewUser) -> Result<User, CreateUserError>;

    /// Stores an admin if, and only if, there is none: of any number of calls at once at most one
    /// succeeds. `user.role` is [`Role::Admin`].
    async fn insert_first_admin(&self, user: &NewUser) -> Result<User, CreateAdminError>;

    /// Whether there is an admin.
    async fn admin_exists(&self) -> Result<bool, StoreError>;

    /// The user of that address, compared without case.
    async fn find_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError>;

    /// The user of that id.
    async fn find(&self, id: UserId) -> Result<Option<User>, StoreError>;

    /// The user of that id, with the password's hash.
    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError>;

    /// Gives a user another hash of the same password, if the hash is still `old`; whether it was. The
    /// sessions stay.
    async fn replace_hash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError>;

    /// A page of the users that `filter` lets through, by id.
    async fn list(&self, filter: &UserFilter, page: PageRequest) -> Result<Page<User>, StoreError>;

    /// Gives a user another role. While there is an admin there stays one: of any number of calls at once
    /// that would leave none, one is refused. What is answered as done is on disk, and `key` with it.
    async fn set_role<'a>(
        &self,
        id: UserId,
        role: Role,
        key: Option<&'a KeyClaim>,
    ) -> Result<RoleChanged, ChangeUserError>;

    /// Deletes a user in one transaction. The number stays, and with it the bookings; nothing personal
    /// does: name, address and password go, and the sessions end. The address is free again. The user's keys,
    /// for which nobody can ask any more, are forgotten in their time. A booking that is being committed at the same moment comes before or not at all. The
    /// last admin stays, as with [`Self::set_role`]. `key` is remembered with it.
    async fn delete<'a>(
        &self,
        id: UserId,
        at: Timestamp,
        key: Option<&'a KeyClaim>,
    ) -> Result<(), ChangeUserError>;
}

/// Why no hash was computed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many are waiting already.
    #[error("too many passwords are being hashed")]
    Busy,
    /// The hash or the hasher is broken.
    #[error("the password hash cannot be computed")]
    Broken(#[source] crate::error::Cause),
}

/// Hashes passwords, slowly by intent. Implementations keep this off the threads that serve
/// requests, and bounded in number.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// A salted hash of a new password.
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError>;

    /// Whether `attempt` is the password behind `hash`. `None` stands for an account that does not
    /// exist: the answer is then `false` after the same work, so that the time tells nothing.
    async fn verify<'a>(
        &self,
        attempt: &PasswordAttempt,
        hash: Option<&'a PasswordHash>,
    ) -> Result<bool, HashError>;

    /// Whether a password is hashed otherwise today: with more work, or with less. A hash that is outdated
    /// takes another time than that of nobody.
    fn is_outdated(&self, hash: &PasswordHash) -> bool;
}

/// Why a token is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the token is expired, malformed or not ours")]
pub struct TokenError;

/// Signs tokens and checks them (JWT, RFC 7519).
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
pub trait TokenSigner: Send + Sync {
    /// A token that says `claims`, from now on for the configured life.
    fn sign(&self, claims: Claims) -> Result<SignedToken, TokenError>;

    /// What `token` says, if we signed it, with our algorithm, and it has not expired.
    fn verify(&self, token: &str) -> Result<Claims, TokenError>;
}
