//! Tokens: JWT (RFC 7519) with HS256.

use domain::session::SessionId;
use domain::user::{Claims, Role, SignedToken, TokenError, TokenSigner, UserId};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode,
    get_current_timestamp,
};
use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::secret::Secrets;

const ISSUER: &str = "boxoffice";
/// The most tokens that are remembered as verified, some hundred bytes each: those of the crowd that comes for
/// one sale.
const REMEMBERED: usize = 10_000;

/// Signs tokens with the first of its secrets and checks those signed with any of them.
pub(crate) struct JwtSigner {
    encoding: EncodingKey,
    /// The header of every token that is signed: the algorithm and which secret.
    header: Header,
    decoding: Vec<(String, DecodingKey)>,
    validation: Validation,
    /// What was verified before, by the whole token: whoever books has looked at the event before, and will
    /// look at the booking. Only what we signed gets in, and it is not believed for longer than it says.
    verified: Cache<Box<str>, Verified>,
    life: u64,
}

/// What a token says.
#[derive(Clone, Copy)]
struct Verified {
    claims: Claims,
    /// The last second, since 1970, in which it is valid.
    until: u64,
}

#[derive(Serialize, Deserialize)]
struct Payload {
    iss: String,
    sub: String,
    role: String,
    sid: String,
    iat: u64,
    exp: u64,
}

impl JwtSigner {
    /// Tokens that live for `life` seconds.
    pub(crate) fn new(secrets: &Secrets, life: u64) -> Self {
        // One algorithm, whatever a token says of itself; no leeway: clocks that sign are ours.
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        validation.leeway = 0;
        let Secrets { first, others } = secrets;
        let all = std::iter::once(first).chain(others);
        let key = |secret: &String| (key_id(secret), DecodingKey::from_secret(secret.as_bytes()));
        Self {
            encoding: EncodingKey::from_secret(first.as_bytes()),
            header: header(first),
            decoding: all.map(key).collect(),
            validation,
            verified: Cache::new(REMEMBERED),
            life,
        }
    }

    /// Verifies a token.
    fn read(&self, token: &str) -> Result<Verified, TokenError> {
        let key = self.key_of(token).ok_or(TokenError)?;
        let payload = decode::<Payload>(token, key, &self.validation)
            .map_err(|_| TokenError)?
            .claims;
        let id: i64 = payload.sub.parse().map_err(|_| TokenError)?;
        let claims = Claims {
            user_id: UserId::new(id),
            role: Role::parse(&payload.role).ok_or(TokenError)?,
            session_id: SessionId::parse(&payload.sid).ok_or(TokenError)?,
        };
        Ok(Verified {
            claims,
            until: payload.exp,
        })
    }

    /// The key that a token names. Its signature shows whether it is right to.
    fn key_of(&self, token: &str) -> Option<&DecodingKey> {
        let kid = decode_header(token).ok()?.kid?;
        let mut keys = self.decoding.iter();
        keys.find(|(id, _)| *id == kid).map(|(_, key)| key)
    }
}

/// The header of the tokens that `secret` signs.
fn header(secret: &str) -> Header {
    Header {
        kid: Some(key_id(secret)),
        ..Header::new(Algorithm::HS256)
    }
}

/// Names a secret in the headers of tokens (`kid`, RFC 7515): 16 hexadecimal characters of a hash that is
/// made of secrets for nothing else.
fn key_id(secret: &str) -> String {
    let hash = Sha256::new()
        .chain_update("boxoffice key id\0")
        .chain_update(secret)
        .finalize();
    hash.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl TokenSigner for JwtSigner {
    fn sign(&self, claims: Claims) -> Result<SignedToken, TokenError> {
        let iat = get_current_timestamp();
        let payload = Payload {
            iss: ISSUER.to_owned(),
            sub: claims.user_id.to_string(),
            role: claims.role.as_str().to_owned(),
            sid: claims.session_id.to_string(),
            iat,
            exp: iat.saturating_add(self.life),
        };
        let text = encode(&self.header, &payload, &self.encoding).map_err(|_| TokenError)?;
        Ok(SignedToken {
            text,
            expires_in: self.life,
        })
    }

    fn verify(&self, token: &str) -> Result<Claims, TokenError> {
        if let Some(before) = self.verified.get(token) {
            let is_over = before.until < get_current_timestamp();
            return if is_over {
                Err(TokenError)
            } else {
                Ok(before.claims)
            };
        }
        let verified = self.read(token)?;
        self.verified.insert(token.into(), verified);
        Ok(verified.claims)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";
    const OLDER: &str = "fedcba9876543210fedcba9876543210";

    fn claims() -> Claims {
        Claims {
            user_id: UserId::new(7),
            role: Role::Admin,
            session_id: SessionId::parse("01900000-0000-7000-8000-000000000001").unwrap(),
        }
    }

    fn signer() -> JwtSigner {
        signer_with(SECRET, &[])
    }

    fn signer_with(first: &str, others: &[&str]) -> JwtSigner {
        let secrets = Secrets {
            first: first.to_owned(),
            others: others.iter().map(|secret| (*secret).to_owned()).collect(),
        };
        JwtSigner::new(&secrets, 3_600)
    }

    fn header_of(algorithm: Algorithm) -> Header {
        Header {
            alg: algorithm,
            ..header(SECRET)
        }
    }

    fn token(header: &Header, secret: &str, change: impl FnOnce(&mut Payload)) -> String {
        let now = get_current_timestamp();
        let mut payload = Payload {
            iss: ISSUER.to_owned(),
            sub: "7".to_owned(),
            role: "admin".to_owned(),
            sid: claims().session_id.to_string(),
            iat: now,
            exp: now + 60,
        };
        change(&mut payload);
        let key = EncodingKey::from_secret(secret.as_bytes());
        encode(header, &payload, &key).unwrap()
    }

    #[test]
    fn a_token_says_what_was_signed() {
        let token = signer().sign(claims()).unwrap();
        assert_eq!(token.expires_in, 3_600);
        assert_eq!(signer().verify(&token.text), Ok(claims()));
    }

    #[test]
    fn a_token_that_was_verified_is_believed_again_until_it_expires() {
        let (signer, now) = (signer(), get_current_timestamp());
        let good = token(&header(SECRET), SECRET, |_| {});
        for _ in 0..2 {
            assert_eq!(signer.verify(&good), Ok(claims()));
        }
        let text: Box<str> = good.as_str().into();
        let known = signer.verified.get(&text).unwrap();
        assert!((now + 60..now + 90).contains(&known.until));
        let until = now - 1;
        signer.verified.insert(text, Verified { until, ..known });
        assert_eq!(signer.verify(&good), Err(TokenError));
    }

    #[test]
    fn what_is_not_ours_is_not_remembered() {
        let signer = signer();
        for bad in ["", "x.y.z", &token(&header(SECRET), OLDER, |_| {})] {
            assert_eq!(signer.verify(bad), Err(TokenError));
        }
        assert_eq!(signer.verified.len(), 0);
    }

    #[test]
    fn the_first_secret_signs_and_all_verify() {
        let before = signer_with(OLDER, &[]);
        let between = signer_with(SECRET, &[OLDER]);
        let old = before.sign(claims()).unwrap().text;
        let new = between.sign(claims()).unwrap().text;
        assert_eq!(between.verify(&old), Ok(claims()));
        assert_eq!(between.verify(&new), Ok(claims()));
        assert_eq!(signer().verify(&new), Ok(claims()));
        assert_eq!(signer().verify(&old), Err(TokenError));
        assert_eq!(before.verify(&new), Err(TokenError));
    }

    #[test]
    fn a_token_of_ours_may_have_its_header_written_in_another_way() {
        let token = |typ: Option<&str>| {
            let header = Header {
                typ: typ.map(str::to_owned),
                ..header(SECRET)
            };
            token(&header, SECRET, |_| {})
        };
        let as_signed = signer().sign(claims()).unwrap().text;
        let beginning = as_signed.split_once('.').unwrap().0;
        let other = token(None);
        assert!(!other.starts_with(&format!("{beginning}.")));
        assert_eq!(signer().verify(&other), Ok(claims()));
    }

    #[test]
    fn the_name_of_a_secret_tells_nothing_of_it() {
        assert_eq!(key_id(SECRET).len(), 16);
        assert_ne!(key_id(SECRET), key_id(OLDER));
        let plain = Sha256::digest(SECRET);
        assert!(!key_id(SECRET).starts_with(&format!("{:02x}{:02x}", plain[0], plain[1])));
    }

    #[test]
    fn what_we_did_not_sign_this_way_is_not_believed() {
        let right = header_of(Algorithm::HS256);
        let good = token(&right, SECRET, |_| {});
        assert_eq!(signer().verify(&good), Ok(claims()));
        let unsigned = {
            let payload = good.split('.').nth(1).unwrap();
            format!("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0.{payload}.")
        };
        let nameless = Header::new(Algorithm::HS256);
        let misnamed = Header {
            kid: Some(key_id(OLDER)),
            ..right.clone()
        };
        let changed = |change: fn(&mut Payload)| token(&right, SECRET, change);
        let bad = [
            String::new(),
            "x.y.z".to_owned(),
            unsigned,
            token(&header_of(Algorithm::HS384), SECRET, |_| {}),
            token(&right, OLDER, |_| {}),
            token(&nameless, SECRET, |_| {}),
            token(&misnamed, SECRET, |_| {}),
            changed(|payload| payload.exp = payload.iat - 1),
            changed(|payload| payload.iss = "somebody".to_owned()),
            changed(|payload| payload.sub = "me".to_owned()),
            changed(|payload| payload.role = "owner".to_owned()),
            changed(|payload| payload.sid = "mine".to_owned()),
        ];
        for token in bad {
            assert_eq!(signer().verify(&token), Err(TokenError), "{token}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn any_user_comes_back_from_a_token(id: i64, admin: bool) {
            let role = if admin { Role::Admin } else { Role::User };
            let claims = Claims { user_id: UserId::new(id), role, ..claims() };
            let token = signer().sign(claims).unwrap();
            prop_assert_eq!(signer().verify(&token.text), Ok(claims));
        }

        #[test]
        fn no_text_is_a_token(text in prop_oneof![any::<String>(), "[A-Za-z0-9_=-]{0,40}(\\.[A-Za-z0-9_=-]{0,40}){0,4}"]) {
            prop_assert_eq!(signer().verify(&text), Err(TokenError));
        }

        #[test]
        fn a_token_with_any_character_changed_is_none(at: prop::sample::Index, other in "[ -~]") {
            let token = signer().sign(claims()).unwrap().text;
            let at = at.index(token.len());
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            prop_assume!(changed != token);
            prop_assert_eq!(signer().verify(&changed), Err(TokenError), "{} at {}", changed, at);
        }

        #[test]
        fn a_token_cut_or_lengthened_is_none(at: prop::sample::Index, more in "[A-Za-z0-9_.=-]{1,9}") {
            let token = signer().sign(claims()).unwrap().text;
            let cut = &token[..at.index(token.len())];
            for changed in [cut.to_owned(), format!("{token}{more}"), format!("{more}{token}")] {
                prop_assert_eq!(signer().verify(&changed), Err(TokenError), "{}", changed);
            }
        }

        #[test]
        fn a_token_of_another_secret_is_none(secret in "[!-~]{32,80}") {
            let token = signer_with(&secret, &[]).sign(claims()).unwrap().text;
            prop_assert_eq!(signer().verify(&token), Err(TokenError));
            // Nor is it if it names ours.
            let token = self::token(&header_of(Algorithm::HS256), &secret, |_| {});
            prop_assert_eq!(signer().verify(&token), Err(TokenError));
        }
    }
}
