//! Passwords and tokens.

use std::fmt;

use super::{Role, UserId};
use crate::session::SessionId;
use crate::text::{self, InvalidValue, Lines};

/// A new password: at least 8 characters, at most 72 bytes (bcrypt reads no more), kept as typed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// The least number of characters.
    pub const MIN_CHARS: usize = 8;
    /// The greatest number of bytes in UTF-8.
    pub const MAX_BYTES: usize = 72;

    /// Parses a password from outside. It is not trimmed: spaces belong to it.
    pub fn parse(raw: &str) -> Result<Self, InvalidValue> {
        if text::has_control(raw, Lines::One) {
            return Err(InvalidValue::ControlCharacter);
        }
        if raw.trim().is_empty() {
            return Err(InvalidValue::Blank);
        }
        if raw.chars().count() < Self::MIN_CHARS {
            return Err(InvalidValue::TooShort {
                min: Self::MIN_CHARS,
            });
        }
        if raw.len() > Self::MAX_BYTES {
            return Err(InvalidValue::TooManyBytes {
                max: Self::MAX_BYTES,
            });
        }
        Ok(Self(raw.to_owned()))
    }

    /// The password itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What somebody typed as password to sign in: anything of 1 to 1,000 characters, since a wrong
/// password is wrong, not invalid.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordAttempt(String);

impl PasswordAttempt {
    /// The greatest number of characters.
    pub const MAX_CHARS: usize = 1_000;

    /// Parses an attempt from outside.
    pub fn parse(raw: &str) -> Result<Self, InvalidValue> {
        match raw.chars().count() {
            0 => Err(InvalidValue::Blank),
            1..=Self::MAX_CHARS => Ok(Self(raw.to_owned())),
            _ => Err(InvalidValue::TooLong {
                max: Self::MAX_CHARS,
            }),
        }
    }

    /// What was typed.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it could be a password at all; otherwise it is wrong without a look at the hash.
    pub fn is_possible(&self) -> bool {
        Password::parse(&self.0).is_ok()
    }
}

/// A password's hash, in the hasher's own text form.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// A hash as the hasher made it.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The hash's text form.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What a token says about its bearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claims {
    /// The user.
    pub user_id: UserId,
    /// What the user could do when the token was signed.
    pub role: Role,
    /// The session that the token belongs to.
    pub session_id: SessionId,
}

/// A signed token and how long it lives.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedToken {
    /// The token, as it stands behind `Bearer `.
    pub text: String,
    /// Its life from now, in seconds.
    pub expires_in: u64,
}

/// Secrets: `Debug` does not show them.
macro_rules! secret_debug {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )*};
}
secret_debug!(Password, PasswordAttempt, PasswordHash, SignedToken);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_in_characters_below_and_bytes_above() {
        assert_eq!(
            Password::parse("ärger12"),
            Err(InvalidValue::TooShort { min: 8 })
        );
        assert!(Password::parse("ärger123").is_ok());
        assert!(Password::parse(&"x".repeat(72)).is_ok());
        assert_eq!(
            Password::parse(&"x".repeat(73)),
            Err(InvalidValue::TooManyBytes { max: 72 })
        );
        assert_eq!(
            Password::parse(&"ä".repeat(37)),
            Err(InvalidValue::TooManyBytes { max: 72 })
        );
        assert_eq!(
            Password::parse("abc\0defgh"),
            Err(InvalidValue::ControlCharacter)
        );
    }

    #[test]
    fn the_owners_examples_are_passwords() {
        assert!(Password::parse("admin@1234").is_ok());
        assert!(Password::parse("SecurePass@123").is_ok());
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(
            format!("{:?}", Password::parse("SecurePass@123").unwrap()),
            "Password(…)"
        );
    }
}
