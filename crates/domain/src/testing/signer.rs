//! A signer whose tokens anybody can read and make.

use crate::user::{Claims, Role, SignedToken, TokenError, TokenSigner, UserId};

/// Signs tokens as `plain.<user id>.<role>`; they never expire.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainSigner;

impl PlainSigner {
    /// The life that a token claims to have, in seconds.
    pub const EXPIRES_IN: u64 = 3_600;

    /// The token of a user.
    pub fn token(user: UserId, role: Role) -> String {
        format!("plain.{user}.{}", role.as_str())
    }
}

impl TokenSigner for PlainSigner {
    fn sign(&self, claims: Claims) -> Result<SignedToken, TokenError> {
        Ok(SignedToken {
            text: Self::token(claims.user_id, claims.role),
            expires_in: Self::EXPIRES_IN,
        })
    }

    fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let (id, role) = token
            .strip_prefix("plain.")
            .and_then(|rest| rest.split_once('.'))
            .ok_or(TokenError)?;
        Ok(Claims {
            user_id: UserId::new(id.parse().map_err(|_| TokenError)?),
            role: Role::parse(role).ok_or(TokenError)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_what_was_signed() {
        let claims = Claims {
            user_id: UserId::new(7),
            role: Role::Admin,
        };
        let token = PlainSigner.sign(claims).unwrap();
        assert_eq!(token.text, "plain.7.admin");
        assert_eq!(PlainSigner.verify(&token.text), Ok(claims));
        for bad in ["", "plain", "plain.7", "plain.x.user", "plain.7.owner"] {
            assert_eq!(PlainSigner.verify(bad), Err(TokenError), "{bad}");
        }
    }
}
