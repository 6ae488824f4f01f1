//! A hasher that does not hash.

use async_trait::async_trait;

use crate::user::{HashError, Password, PasswordAttempt, PasswordHash, PasswordHasher};

/// "Hashes" a password as `plain:` and the password itself: quick, and no secret is safe with it.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainHasher;

#[async_trait]
impl PasswordHasher for PlainHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        Ok(PasswordHash::new(format!("plain:{}", password.expose())))
    }

    async fn verify<'a>(
        &self,
        attempt: &PasswordAttempt,
        hash: Option<&'a PasswordHash>,
    ) -> Result<bool, HashError> {
        let expected = format!("plain:{}", attempt.expose());
        Ok(hash.is_some_and(|hash| hash.expose() == expected))
    }

    fn is_outdated(&self, _: &PasswordHash) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_same_password_is_right() {
        let hash = PlainHasher
            .hash(&Password::parse("SecurePass@123").unwrap())
            .await
            .unwrap();
        let verify = async |attempt: &str, hash| {
            let attempt = PasswordAttempt::parse(attempt).unwrap();
            PlainHasher.verify(&attempt, hash).await.unwrap()
        };
        assert!(verify("SecurePass@123", Some(&hash)).await);
        assert!(!verify("securepass@123", Some(&hash)).await);
        assert!(!verify("SecurePass@123", None).await);
    }
}
