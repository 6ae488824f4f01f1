//! Who asks, and from where.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use crate::session::SessionId;
use crate::user::{Role, UserId};

/// The id that one request carries through answers, logs and audit records: 1 to 128 visible
/// ASCII characters. Clones share them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// Takes an id from outside if it has the form.
    pub fn parse(raw: &str) -> Option<Self> {
        let fits = (1..=128).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_graphic());
        fits.then(|| Self(raw.into()))
    }

    /// The id of a request that has none.
    pub fn unknown() -> Self {
        Self("unknown".into())
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

/// What stands for one client: an IPv4 address, or the /64 network that an IPv6 client has for itself.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

/// Where a request came from: what every use case that leaves an audit record takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The request's id.
    pub request_id: RequestId,
    /// The client's address as text, if known.
    pub address: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_client_is_its_network() {
        let key = |text: &str| network(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), key("2001:db8:1:2::9"));
        assert_ne!(key("2001:db8:1:2::9"), key("2001:db8:1:3::9"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }
}
