//! The secrets of tokens.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::config::{Config, Storage};

const FILE: &str = "jwt-secret";
const MISSING: &str = "JWT_SECRET: is missing: set at least 32 random bytes, for instance from `openssl rand -hex 32`";

/// What tokens are signed with.
pub(crate) struct Secrets {
    /// Signs.
    pub(crate) first: String,
    /// Tokens signed with one of these are believed too.
    pub(crate) others: Vec<String>,
}

/// The configured secrets, or the one that the embedded default made at its first start.
pub(crate) fn load(config: &Config) -> Result<Secrets, String> {
    let (first, others) = match (config.security.jwt_secrets.as_slice(), &config.storage) {
        ([first, others @ ..], _) => (first.clone(), others.to_vec()),
        ([], Storage::Embedded { data_dir }) => (kept_in(data_dir)?, Vec::new()),
        ([], Storage::Remote { .. }) => return Err(MISSING.to_owned()),
    };
    Ok(Secrets { first, others })
}

/// Reads the secret from its file, and makes it first if there is none. Of two processes that start at
/// once one makes it, and both use it.
fn kept_in(folder: &Path) -> Result<String, String> {
    let path = folder.join(FILE);
    let wrong = |error: std::io::Error| format!("DATA_DIR: {}: {error}", path.display());
    match std::fs::read_to_string(&path) {
        Ok(secret) if secret.trim().len() >= 32 => return Ok(secret.trim().to_owned()),
        Ok(_) => {
            return Err(format!(
                "DATA_DIR: {} is damaged: remove it, and users sign in anew",
                path.display()
            ));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(wrong(error)),
    }
    // Written aside and linked into place, so that nobody ever reads half a secret.
    let aside = folder.join(format!("{FILE}.{}", crate::platform::uuid()));
    write_private(&aside, &random_hex()).map_err(wrong)?;
    let linked = std::fs::hard_link(&aside, &path);
    std::fs::remove_file(&aside).map_err(wrong)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(wrong(error)),
        _ => std::fs::read_to_string(&path)
            .map(|text| text.trim().to_owned())
            .map_err(wrong),
    }
}

fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")?;
    file.sync_all()
}

fn random_hex() -> String {
    let bytes: [u8; 32] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let secret = kept_in(folder.path()).unwrap();
        assert_eq!(secret.len(), 64);
        assert_eq!(kept_in(folder.path()), Ok(secret));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_damaged_secret_is_not_replaced_in_silence() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(FILE), "short").unwrap();
        assert!(kept_in(folder.path()).unwrap_err().contains("damaged"));
    }
}
