//! Users: who may sign in, and as what.

mod account;
mod administration;
mod credentials;
mod filter;
mod ports;
mod service;
#[cfg(test)]
mod tests;
mod use_cases;

pub use account::{Email, NewUser, PersonName, Role, User, UserId};
#[cfg(any(test, feature = "testing"))]
pub use administration::MockUserUseCases;
pub use administration::{ManageUserError, UserPorts, UserService, UserUseCases};
pub use credentials::{Claims, Password, PasswordAttempt, PasswordHash, SignedToken};
pub use filter::UserFilter;
pub use ports::{
    Account, ChangeUserError, CreateAdminError, CreateUserError, HashError, PasswordHasher,
    RoleChanged, TokenError, TokenSigner, UserRepository,
};
#[cfg(any(test, feature = "testing"))]
pub use ports::{MockPasswordHasher, MockTokenSigner, MockUserRepository};
pub use service::{AccountPorts, AccountService, AdminSetup};
#[cfg(any(test, feature = "testing"))]
pub use use_cases::MockAccountUseCases;
pub use use_cases::{
    AccountUseCases, AdminGate, NewAccount, ProfileError, RegisterAdminError, RegisterError,
};
