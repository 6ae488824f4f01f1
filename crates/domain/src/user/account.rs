//! The user entity.

use std::fmt;

use crate::text::{self, InvalidValue, Lines, text_type};
use crate::time::Timestamp;

/// A user's id: positive, given by the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserId(i64);

impl UserId {
    /// An id as the database gave it.
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// Parses a positive decimal number without sign or leading zero.
    pub fn parse(text: &str) -> Option<Self> {
        let canonical = text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0');
        text.parse().ok().filter(|_| canonical).map(Self)
    }

    /// The number.
    pub fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

text_type! {
    /// A person's name, 1 to 100 characters on one line.
    PersonName, 1..=100, Lines::One
}

/// What a user may do. Everybody reads events, and has a profile, sessions and an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Books and cancels for itself.
    User,
    /// Is for door and reports only: books nothing and changes nothing.
    Staff,
    /// Manages events and users, books, cancels for anybody.
    Admin,
}

impl Role {
    /// Every role.
    pub const ALL: &'static [Self] = &[Self::User, Self::Staff, Self::Admin];

    /// The name in databases, tokens and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Staff => "staff",
            Self::Admin => "admin",
        }
    }

    /// Whether it has bookings of its own.
    pub fn books(self) -> bool {
        match self {
            Self::User | Self::Admin => true,
            Self::Staff => false,
        }
    }

    /// Whether it manages events and users.
    pub fn manages(self) -> bool {
        match self {
            Self::Admin => true,
            Self::User | Self::Staff => false,
        }
    }

    /// Parses the name of a role from outside.
    pub fn parse_name(raw: &str) -> Result<Self, InvalidValue> {
        Self::parse(raw).ok_or(InvalidValue::NotARole)
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|role| role.as_str() == name)
    }
}

/// An e-mail address, at most 254 bytes; two addresses are the same when they differ in case only.
///
/// The form is that of the HTML standard's `<input type=email>`, which real addresses satisfy,
/// with letters beyond ASCII (RFC 6531) and a domain of at least two labels.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    text: String,
}

impl Email {
    /// The greatest number of bytes in UTF-8.
    pub const MAX_BYTES: usize = 254;

    /// Parses an address from outside.
    pub fn parse(raw: &str) -> Result<Self, InvalidValue> {
        let text = text::parse(raw, 1..=Self::MAX_BYTES, Lines::One)?;
        if text.len() > Self::MAX_BYTES {
            return Err(InvalidValue::TooManyBytes {
                max: Self::MAX_BYTES,
            });
        }
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidValue::NotAnEmail)?;
        let local_fits = (1..=64).contains(&local.len()) && local.chars().all(is_local_char);
        let labels = domain.split('.').count();
        if local_fits && labels >= 2 && domain.split('.').all(is_label) {
            Ok(Self { text })
        } else {
            Err(InvalidValue::NotAnEmail)
        }
    }

    /// Takes an address that was parsed before it was stored.
    pub fn from_stored(text: String) -> Self {
        Self { text }
    }

    /// The address as its owner wrote it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The form in which addresses are compared and kept unique: lower case.
    pub fn key(&self) -> String {
        self.text.to_lowercase()
    }
}

/// Addresses are personal: `Debug` does not show them.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

fn is_local_char(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|c| c.is_alphanumeric() || c == '-')
}

/// A user as stored, without anything secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: UserId,
    /// The name.
    pub name: PersonName,
    /// The address.
    pub email: Email,
    /// What the user may do.
    pub role: Role,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// A user to be stored.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name.
    pub name: PersonName,
    /// The address.
    pub email: Email,
    /// The password's hash.
    pub password_hash: super::PasswordHash,
    /// What the user may do.
    pub role: Role,
    /// When the account is made.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_compare_without_case_and_keep_their_spelling() {
        let email = Email::parse(" John.Doe@Example.COM ").unwrap();
        assert_eq!(email.as_str(), "John.Doe@Example.COM");
        assert_eq!(email.key(), "john.doe@example.com");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "john",
            "@example.com",
            "john@",
            "john@example",
            "a@b@c.de",
            "a b@c.de",
            "a@-b.de",
            "a@b..de",
            "a@b.de\u{0}x",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad}");
        }
        for good in ["a@b.de", "john+tag@example.co.uk", "jörg@müller.example"] {
            assert!(Email::parse(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn ids_are_positive_numbers_as_they_are_printed() {
        assert_eq!(UserId::parse("17"), Some(UserId::new(17)));
        for bad in ["", "0", "-1", "+1", "01", "1.0", "x", "9223372036854775808"] {
            assert_eq!(UserId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn roles_keep_their_names() {
        for role in [Role::User, Role::Staff, Role::Admin] {
            assert_eq!(Role::parse_name(role.as_str()), Ok(role));
        }
        assert_eq!(Role::parse_name("Admin"), Err(InvalidValue::NotARole));
    }

    #[test]
    fn debug_shows_no_address() {
        assert!(!format!("{:?}", Email::parse("a@b.de").unwrap()).contains("b.de"));
    }
}
