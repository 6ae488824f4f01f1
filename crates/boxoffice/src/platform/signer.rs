//! Tokens: JWT (RFC 7519) with HS256.

use domain::user::{Claims, Role, SignedToken, TokenError, TokenSigner, UserId};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode, get_current_timestamp,
};
use serde::{Deserialize, Serialize};

const ISSUER: &str = "boxoffice";

/// Signs and checks tokens with one secret.
pub(crate) struct JwtSigner {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    life: u64,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    sub: String,
    role: String,
    iat: u64,
    exp: u64,
}

impl JwtSigner {
    /// Tokens signed with `secret` that live for `life` seconds.
    pub(crate) fn new(secret: &[u8], life: u64) -> Self {
        // One algorithm, whatever a token says of itself; no leeway: clocks that sign are ours.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        validation.leeway = 0;
        Self {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
            validation,
            life,
        }
    }
}

impl TokenSigner for JwtSigner {
    fn sign(&self, claims: Claims) -> Result<SignedToken, TokenError> {
        let iat = get_current_timestamp();
        let payload = Payload {
            iss: ISSUER.to_owned(),
            sub: claims.user_id.to_string(),
            role: claims.role.as_str().to_owned(),
            iat,
            exp: iat.saturating_add(self.life),
        };
        let text = encode(&Header::new(Algorithm::HS256), &payload, &self.encoding)
            .map_err(|_| TokenError)?;
        Ok(SignedToken {
            text,
            expires_in: self.life,
        })
    }

    fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        let payload = decode::<Payload>(token, &self.decoding, &self.validation)
            .map_err(|_| TokenError)?
            .claims;
        let id: i64 = payload.sub.parse().map_err(|_| TokenError)?;
        let role = Role::parse(&payload.role).ok_or(TokenError)?;
        Ok(Claims {
            user_id: UserId::new(id),
            role,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
    const CLAIMS: Claims = Claims {
        user_id: UserId::new(7),
        role: Role::Admin,
    };

    fn signer() -> JwtSigner {
        JwtSigner::new(SECRET, 3_600)
    }

    fn token(algorithm: Algorithm, secret: &[u8], change: impl FnOnce(&mut Payload)) -> String {
        let now = get_current_timestamp();
        let mut payload = Payload {
            iss: ISSUER.to_owned(),
            sub: "7".to_owned(),
            role: "admin".to_owned(),
            iat: now,
            exp: now + 60,
        };
        change(&mut payload);
        encode(
            &Header::new(algorithm),
            &payload,
            &EncodingKey::from_secret(secret),
        )
        .unwrap()
    }

    #[test]
    fn a_token_says_what_was_signed() {
        let token = signer().sign(CLAIMS).unwrap();
        assert_eq!(token.expires_in, 3_600);
        assert_eq!(signer().verify(&token.text), Ok(CLAIMS));
    }

    #[test]
    fn what_we_did_not_sign_this_way_is_not_believed() {
        let good = token(Algorithm::HS256, SECRET, |_| {});
        assert_eq!(signer().verify(&good), Ok(CLAIMS));
        let unsigned = {
            let payload = good.split('.').nth(1).unwrap();
            format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.{payload}.")
        };
        let bad = [
            String::new(),
            "x.y.z".to_owned(),
            unsigned,
            token(Algorithm::HS384, SECRET, |_| {}),
            token(
                Algorithm::HS256,
                b"another secret of thirty-two bytes!",
                |_| {},
            ),
            token(Algorithm::HS256, SECRET, |payload| {
                payload.exp = payload.iat - 1
            }),
            token(Algorithm::HS256, SECRET, |payload| {
                payload.iss = "somebody".to_owned()
            }),
            token(Algorithm::HS256, SECRET, |payload| {
                payload.sub = "me".to_owned()
            }),
            token(Algorithm::HS256, SECRET, |payload| {
                payload.role = "owner".to_owned()
            }),
        ];
        for token in bad {
            assert_eq!(signer().verify(&token), Err(TokenError), "{token}");
        }
    }
}
