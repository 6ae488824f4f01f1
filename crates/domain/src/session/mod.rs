//! Sessions: signing in, staying signed in with refresh tokens, and the end of it.
//!
//! A session is a family of refresh tokens, each of which replaces the one before it. Access tokens name
//! their session, so that the end of the session is the end of them.

mod entity;
mod ports;
mod service;
#[cfg(test)]
mod tests;
mod use_cases;

pub use entity::{RefreshToken, RefreshTokenHash, SessionId};
pub use ports::{
    LiveSession, NewSession, Opening, PasswordChange, RotateOutcome, Rotation, SecretSource,
    SessionRepository,
};
#[cfg(any(test, feature = "testing"))]
pub use ports::{MockSecretSource, MockSessionRepository};
pub use service::{SessionPorts, SessionService, SessionSettings};
#[cfg(any(test, feature = "testing"))]
pub use use_cases::MockSessionUseCases;
pub use use_cases::{
    ChangePasswordError, IssuedRefreshToken, Login, LoginError, RefreshError, SessionUseCases,
};
