//! What an attempt is charged to.

use std::net::IpAddr;

use crate::digest::sha256_hex;
use crate::request::network;
use crate::user::Email;

use super::policy::{ACCOUNT, ADDRESS, KNOWN_PLACE, NEW_PLACE, Policy};

/// A bucket's name: SHA-256 in hexadecimal over what it counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketKey(String);

impl BucketKey {
    fn of(scope: &str, what: &str) -> Self {
        Self(sha256_hex(format!("login {scope}\n{what}")))
    }

    /// Takes a name from a store.
    pub fn from_stored(hex: String) -> Self {
        Self(hex)
    }

    /// The 64 hexadecimal characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An attempt to prove that one is the owner of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// The account, whether it is there or not.
    pub account: BucketKey,
    /// The address that the attempt comes from; of IPv6 the /64 network.
    pub address: BucketKey,
    /// Both together: a place, known to the account or new.
    pub place: BucketKey,
}

impl Attempt {
    /// An attempt on the account of `email` from the client address `address`, if that is known.
    pub fn new(email: &Email, address: Option<&str>) -> Self {
        let account = email.key();
        // All without an address share one.
        let address = match address.map(str::parse::<IpAddr>) {
            Some(Ok(address)) => network(address).to_string(),
            Some(Err(_)) | None => "unknown".to_owned(),
        };
        Self {
            place: BucketKey::of("place", &format!("{address}\n{account}")),
            account: BucketKey::of("account", &account),
            address: BucketKey::of("address", &address),
        }
    }

    /// The buckets that it is charged to, in the order of their names, in which stores lock them.
    pub fn buckets(&self, is_known: bool) -> Vec<(&BucketKey, Policy)> {
        if is_known {
            return vec![(&self.place, KNOWN_PLACE)];
        }
        let mut buckets = vec![
            (&self.account, ACCOUNT),
            (&self.address, ADDRESS),
            (&self.place, NEW_PLACE),
        ];
        buckets.sort_by_key(|(key, _)| *key);
        buckets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(email: &str, address: &str) -> Attempt {
        Attempt::new(&Email::parse(email).unwrap(), Some(address))
    }

    #[test]
    fn an_account_is_one_in_any_case_and_an_ipv6_client_is_its_network() {
        let one = attempt("Ada@example.com", "2001:db8:1:2::1");
        assert_eq!(one, attempt("ada@EXAMPLE.com", "2001:db8:1:2:ffff::9"));
        let neighbour = attempt("ada@example.com", "2001:db8:1:3::1");
        assert_eq!(one.account, neighbour.account);
        assert_ne!(one.address, neighbour.address);
        assert_ne!(one.place, neighbour.place);
        let other = attempt("bob@example.com", "2001:db8:1:2::1");
        assert_eq!(one.address, other.address);
        assert_ne!(one.account, other.account);
        assert_ne!(one.place, other.place);
    }

    #[test]
    fn nothing_stands_in_clear() {
        let text = format!("{:?}", attempt("ada@example.com", "192.0.2.1"));
        assert!(
            !text.contains("ada") && !text.contains("192.0.2.1"),
            "{text}"
        );
    }

    #[test]
    fn a_known_place_is_charged_alone_and_a_new_one_with_account_and_address() {
        let one = attempt("ada@example.com", "192.0.2.1");
        assert_eq!(one.buckets(true), [(&one.place, KNOWN_PLACE)]);
        let strangers = one.buckets(false);
        assert!(strangers.contains(&(&one.account, ACCOUNT)));
        assert!(strangers.contains(&(&one.address, ADDRESS)));
        assert!(strangers.contains(&(&one.place, NEW_PLACE)));
        assert!(strangers.is_sorted_by(|one, other| one.0 < other.0));
    }
}
