//! Who asks, and from where.

use std::fmt;

use crate::session::SessionId;
use crate::user::{Role, UserId};

/// The id that one request carries through answers, logs and audit records: 1 to 128 visible
/// ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(String);

impl RequestId {
    /// Takes an id from outside if it has the form.
    pub fn parse(raw: &str) -> Option<Self> {
        let fits = (1..=128).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(raw.to_owned()))
    }

    /// The id of a request that has none.
    pub fn unknown() -> Self {
        Self("unknown".to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The signed-in user behind a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// The user.
    pub user_id: UserId,
    /// What the user may do.
    pub role: Role,
}

/// The signed-in user and the session that the request belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caller {
    /// The user.
    pub identity: Identity,
    /// The session.
    pub session_id: SessionId,
}

/// Where a request came from: what every use case that leaves an audit record takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The request's id.
    pub request_id: RequestId,
    /// The client's address as text, if known.
    pub address: Option<String>,
}
