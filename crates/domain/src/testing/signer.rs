//! A signer whose tokens anybody can read and make.

use crate::session::SessionId;
use crate::user::{Claims, Role, SignedToken, TokenError, TokenSigner, UserId};

/// Signs tokens as `plain.<user id>.<role>.<session id>`; they never expire.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainSigner;

impl PlainSigner {
    /// The life that a token claims to have, in seconds.
    pub const EXPIRES_IN: u64 = 3_600;

    /// The token of a user in a session.
    pub fn token(user: UserId, role: Role, session: SessionId) -> String {
        format!("plain.{user}.{}.{session}", role.as_str())
    }
}

impl TokenSigner for PlainSigner {
    fn sign(&self, claims: Claims) -> Result<SignedToken, TokenError> {
        Ok(SignedToken {
            text: Self::token(claims.user_id, claims.role, claims.session_id),
            expires_in: Self::EXPIRES_IN,
        })
    }

    fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let parts: Vec<&str> = token.split('.').collect();
        let ["plain", user, role, session] = parts.as_slice() else {
            return Err(TokenError);
        };
        Ok(Claims {
            user_id: UserId::new(user.parse().map_err(|_| TokenError)?),
            role: Role::parse(role).ok_or(TokenError)?,
            session_id: SessionId::parse(session).ok_or(TokenError)?,
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
            session_id: SessionId::new(uuid::Uuid::from_u128(1)),
        };
        let token = PlainSigner.sign(claims).unwrap();
        assert_eq!(
            token.text,
            "plain.7.admin.00000000-0000-0000-0000-000000000001"
        );
        assert_eq!(PlainSigner.verify(&token.text), Ok(claims));
        for bad in [
            "",
            "plain",
            "plain.7.user",
            "plain.7.user.x",
            "plain.7.owner.x",
        ] {
            assert_eq!(PlainSigner.verify(bad), Err(TokenError), "{bad}");
        }
    }
}
