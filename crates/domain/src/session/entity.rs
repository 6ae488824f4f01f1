//! What a session is known by.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::digest::sha256_hex;
use crate::text::InvalidValue;

/// A session's id (UUIDv7, RFC 9562); no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(Uuid);

impl SessionId {
    /// From a UUID.
    pub const fn new(id: Uuid) -> Self {
        Self(id)
    }

    /// Parses the hyphenated text form.
    pub fn parse(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok().map(Self)
    }
}

/// Hyphenated, lower case: 36 characters.
impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// What a client stays signed in with: 256 random bits, as text 43 characters of base64url (RFC 4648)
/// without padding. Good for one use.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken([u8; 32]);

impl RefreshToken {
    /// The token of these bits, which nobody can guess.
    pub fn new(random: [u8; 32]) -> Self {
        Self(random)
    }

    /// Parses a token from outside. That it has the form says nothing of whether it is good.
    pub fn parse(raw: &str) -> Result<Self, InvalidValue> {
        let bytes = URL_SAFE_NO_PAD
            .decode(raw)
            .map_err(|_| InvalidValue::NotARefreshToken)?;
        let bits = bytes
            .try_into()
            .map_err(|_| InvalidValue::NotARefreshToken)?;
        Ok(Self(bits))
    }

    /// The token as its client keeps it.
    pub fn expose(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What the store keeps of it. No salt and no slow hash: 256 random bits can't be guessed.
    pub fn hash(&self) -> RefreshTokenHash {
        RefreshTokenHash(sha256_hex(self.0))
    }
}

/// A secret: `Debug` does not show it.
impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefreshToken(…)")
    }
}

/// The SHA-256 of a refresh token in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefreshTokenHash(String);

impl RefreshTokenHash {
    /// The 64 hexadecimal characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_comes_back_from_its_text() {
        let token = RefreshToken::new([0xfb; 32]);
        let text = token.expose();
        assert_eq!(text.len(), 43);
        assert!(!text.contains(['+', '/', '=']), "{text}");
        assert_eq!(RefreshToken::parse(&text), Ok(token.clone()));
        assert_eq!(token.hash().as_str().len(), 64);
        assert_ne!(token.hash(), RefreshToken::new([0; 32]).hash());
        assert!(!format!("{token:?}").contains(&text));
    }

    #[test]
    fn what_has_not_its_form_is_no_refresh_token() {
        let good = RefreshToken::new([7; 32]).expose();
        let padded = format!("{good}=");
        let standard = RefreshToken::new([0xfb; 32]).expose().replace('-', "+");
        // Another last character with the same 256 bits: one token has one text.
        let loose = format!("{}d", &good[..42]);
        for bad in ["", "x", &good[..42], &padded, &standard, &loose, "ä"] {
            assert!(RefreshToken::parse(bad).is_err(), "{bad}");
        }
    }
}
