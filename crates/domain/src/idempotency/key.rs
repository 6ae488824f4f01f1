//! Keys, and what they were used for.

use crate::booking::Quantity;
use crate::digest::sha256_hex;
use crate::event::EventId;
use crate::stock::{KeyHash, TicketType};
use crate::text::InvalidValue;
use crate::time::Timestamp;
use crate::user::UserId;

/// A client's name for one request: 1 to 255 visible ASCII characters, scoped to the user.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The greatest number of characters.
    pub const MAX_CHARS: usize = 255;

    /// Parses a key from outside.
    pub fn parse(raw: &str) -> Result<Self, InvalidValue> {
        let fits =
            (1..=Self::MAX_CHARS).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_graphic());
        if fits {
            Ok(Self(raw.to_owned()))
        } else {
            Err(InvalidValue::NotAKey)
        }
    }

    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// How a hold of this user and key names it.
    pub fn hash_for(&self, user: UserId) -> KeyHash {
        KeyHash::new(sha256_hex(format!("{user}:{}", self.0)))
    }
}

/// SHA-256 in hexadecimal over what a request asked for: another request under the same key has
/// another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The fingerprint of a request to book.
    pub fn of_booking(event: EventId, ticket_type: &TicketType, quantity: Quantity) -> Self {
        let (ticket_type, quantity) = (ticket_type.as_str(), quantity.get());
        Self(sha256_hex(format!(
            "create-booking\n{event}\n{ticket_type}\n{quantity}"
        )))
    }

    /// The fingerprint of any other request: its body counts byte for byte, and is empty where the route
    /// takes none.
    pub fn of_request(method: &str, path: &str, body: &str) -> Self {
        Self(sha256_hex(format!("{method} {path}\n{body}")))
    }

    /// Takes a fingerprint from a store: 64 hexadecimal characters.
    pub fn from_stored(hex: String) -> Self {
        Self(hex)
    }

    /// The 64 hexadecimal characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A key and whose it is: another user's key of the same text is another key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UserKey {
    /// The user.
    pub user_id: UserId,
    /// The key.
    pub key: IdempotencyKey,
}

/// A key together with what it was used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    /// The key.
    pub key: IdempotencyKey,
    /// What was asked under it.
    pub fingerprint: Fingerprint,
}

/// What a store remembers of a request, in the step that does the work, if it does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyClaim {
    /// Whose request it is.
    pub user_id: UserId,
    /// Its key, and what it asks for.
    pub used: KeyUse,
    /// When.
    pub at: Timestamp,
}

impl KeyClaim {
    /// The key and whose it is.
    pub fn user_key(&self) -> UserKey {
        UserKey {
            user_id: self.user_id,
            key: self.used.key.clone(),
        }
    }

    /// How stores that keep no keys name it: 64 hexadecimal characters.
    pub fn hash(&self) -> KeyHash {
        self.used.key.hash_for(self.user_id)
    }
}

/// What was done under a key, now or by an earlier request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done<T> {
    /// What it came to.
    pub value: T,
    /// Whether an earlier request did it.
    pub replayed: bool,
}

impl<T> Done<T> {
    /// Done now.
    pub fn now(value: T) -> Self {
        Self {
            value,
            replayed: false,
        }
    }

    /// Done by an earlier request.
    pub fn before(value: T) -> Self {
        Self {
            value,
            replayed: true,
        }
    }
}

/// Why a request with a key is not answered with what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The first request of that key is on its way.
    #[error("a request with the same key is in progress")]
    InProgress,
    /// The key was used for another request.
    #[error("the key was used for another request")]
    Mismatch,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        for bad in ["", " ", "a b", "ä", "a\n", &"x".repeat(256)] {
            assert!(IdempotencyKey::parse(bad).is_err(), "{bad:?}");
        }
        assert!(IdempotencyKey::parse(&"~".repeat(255)).is_ok());
    }

    #[test]
    fn requests_differ_by_method_path_and_body() {
        let one = Fingerprint::of_request("PUT", "/a", "{}");
        assert_eq!(one, Fingerprint::of_request("PUT", "/a", "{}"));
        for (method, path, body) in [("POST", "/a", "{}"), ("PUT", "/b", "{}"), ("PUT", "/a", "")] {
            assert_ne!(one, Fingerprint::of_request(method, path, body));
        }
    }

    #[test]
    fn hashes_are_64_hexadecimal_characters_and_scoped_to_the_user() {
        let key = IdempotencyKey::parse("k").unwrap();
        let (one, two) = (key.hash_for(UserId::new(1)), key.hash_for(UserId::new(2)));
        assert_ne!(one, two);
        assert_eq!(one.as_str().len(), 64);
        assert!(one.as_str().bytes().all(|b| b.is_ascii_hexdigit()));
    }
}
