//! How hard the secrets are to guess.

use domain::diagnosis::Finding;

use crate::config::{Config, Storage};

/// The fewest different characters that random text of 32 has, but for a chance that nobody meets. A
/// repeated or typed secret has fewer.
const FEWEST: usize = 8;
/// The least length of a setup token.
const SETUP_TOKEN: usize = 16;
/// The least cost of a password's hash.
const BCRYPT_COST: u32 = 10;

const MEND: &str = "set one from `openssl rand -hex 32`";

pub(super) fn check(config: &Config) -> Vec<Finding> {
    let security = &config.security;
    let embedded = matches!(config.storage, Storage::Embedded { .. });
    vec![
        signing(&security.jwt_secrets, embedded),
        setup_token(security.admin_setup_token.as_deref()),
        cost(security.bcrypt_cost),
    ]
}

fn signing(secrets: &[String], embedded: bool) -> Finding {
    let subject = "JWT_SECRET";
    match secrets {
        [] if embedded => Finding::ok(subject, "made at the first start and kept in DATA_DIR"),
        [] => Finding::wrong(subject, "is missing", MEND),
        _ if secrets.iter().any(|secret| is_simple(secret)) => {
            Finding::wrong(subject, "can be guessed", MEND)
        }
        _ => Finding::ok(subject, format!("{} given", secrets.len())),
    }
}

fn setup_token(token: Option<&str>) -> Finding {
    let subject = "ADMIN_SETUP_TOKEN";
    match token {
        None => Finding::ok(subject, "none"),
        Some(token) if token.len() < SETUP_TOKEN || is_simple(token) => {
            Finding::wrong(subject, "can be guessed", MEND)
        }
        Some(_) => Finding::ok(subject, "given"),
    }
}

fn cost(cost: u32) -> Finding {
    let (subject, seen) = ("BCRYPT_COST", cost.to_string());
    match cost >= BCRYPT_COST {
        true => Finding::ok(subject, seen),
        false => Finding::doubtful(subject, seen, "set 10 or more; 12 is the default"),
    }
}

fn is_simple(secret: &str) -> bool {
    let mut characters: Vec<char> = secret.chars().collect();
    characters.sort_unstable();
    characters.dedup();
    characters.len() < FEWEST
}

#[cfg(test)]
mod tests {
    use domain::diagnosis::Verdict;

    use super::*;

    fn is_wrong(finding: &Finding) -> bool {
        matches!(finding.verdict, Verdict::Wrong { .. })
    }

    #[test]
    fn what_can_be_guessed_is_wrong() {
        let random = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned();
        let simple = "x".repeat(64);
        assert!(!is_wrong(&signing(std::slice::from_ref(&random), false)));
        assert!(is_wrong(&signing(&[random.clone(), simple.clone()], false)));
        assert!(is_wrong(&signing(&[], false)));
        assert!(!is_wrong(&signing(&[], true)));
        assert!(!is_wrong(&setup_token(None)));
        assert!(!is_wrong(&setup_token(Some(&random))));
        for bad in ["admin", &simple] {
            assert!(is_wrong(&setup_token(Some(bad))), "{bad}");
        }
    }

    #[test]
    fn no_secret_is_repeated() {
        let secret = "0".repeat(40);
        let told = [
            signing(std::slice::from_ref(&secret), false),
            setup_token(Some(&secret)),
        ];
        assert!(told.iter().all(|finding| !finding.seen.contains("000")));
    }
}
