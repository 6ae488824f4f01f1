//! What can be done with accounts, as the outside sees it.

use async_trait::async_trait;

use super::{Email, Password, PersonName, User, UserId};
use crate::error::Failure;
use crate::request::{Identity, Origin};

/// An account to be made.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// The name.
    pub name: PersonName,
    /// The address.
    pub email: Email,
    /// The password.
    pub password: Password,
}

/// What a request to make an admin brings along to be let in.
#[derive(Debug, Clone, Default)]
pub struct AdminGate {
    /// The signed-in caller, if any.
    pub caller: Option<Identity>,
    /// The setup token that the request carries, if any.
    pub setup_token: Option<String>,
    /// Whether the server listens on loopback only, the peer is loopback, and no proxy header is there.
    pub loopback: bool,
}

/// Why no account was made.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Another user has that address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why no admin was made.
#[derive(Debug, thiserror::Error)]
pub enum RegisterAdminError {
    /// The gate is shut.
    #[error("not allowed to make an admin")]
    Forbidden,
    /// Another user has that address.
    #[error("the e-mail address is taken")]
    EmailTaken,
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// Why there is no profile.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The user was deleted meanwhile.
    #[error("the user does not exist any more")]
    Gone,
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What can be done with accounts. Every attempt leaves an audit record.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait AccountUseCases: Send + Sync {
    /// Makes an account with the role `user`; anybody may.
    async fn register(&self, account: NewAccount, origin: &Origin) -> Result<User, RegisterError>;

    /// Makes an admin if the caller is an admin; or if there is no admin yet and the request carries the
    /// setup token, or comes from loopback to the embedded default. Of two first admins at once one wins.
    async fn register_admin(
        &self,
        account: NewAccount,
        gate: AdminGate,
        origin: &Origin,
    ) -> Result<User, RegisterAdminError>;

    /// Makes an admin for somebody at the machine's own command line.
    async fn register_admin_as_operator(
        &self,
        account: NewAccount,
        origin: &Origin,
    ) -> Result<User, RegisterError>;

    /// The user's own profile.
    async fn profile(&self, user: UserId) -> Result<User, ProfileError>;
}
