//! The files with the certificate and its key.

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use domain::time::Timestamp;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};

use super::validity::Validity;
use crate::config::TlsFiles;

/// What a server shows to its clients.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    /// The certificate, those between it and its authority, and the key.
    pub(super) key: Arc<CertifiedKey>,
    /// When the certificate is valid.
    pub(crate) validity: Validity,
}

/// Reads both files. What is wrong with them is a line that names the variable and the mend.
pub(crate) fn read(files: &TlsFiles, now: Timestamp) -> Result<Identity, String> {
    let chain = chain(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| cannot_read("TLS_KEY_FILE", &files.key, "private key", &error))?;
    let validity = chain.first().and_then(|leaf| Validity::of(leaf));
    let key = CertifiedKey::from_der(chain, key, &ring::default_provider())
        .map_err(|error| cannot_use(files, &error))?;
    let path = files.certificate.display();
    let validity =
        validity.ok_or_else(|| format!("TLS_CERT_FILE: {path}: the certificate is damaged"))?;
    if now > validity.until {
        let until = validity.until;
        return Err(format!(
            "TLS_CERT_FILE: {path}: the certificate expired at {until}: renew it"
        ));
    }
    if now < validity.from {
        let from = validity.from;
        return Err(format!(
            "TLS_CERT_FILE: {path}: the certificate is not valid before {from}: wait, or set the clock"
        ));
    }
    Ok(Identity {
        key: Arc::new(key),
        validity,
    })
}

/// The server's own certificate first, as the file must have it.
fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let refuse = |error: &dyn Display| cannot_read("TLS_CERT_FILE", path, "certificate", error);
    let chain = CertificateDer::pem_file_iter(path).map_err(|error| refuse(&error))?;
    let chain: Vec<_> = chain
        .collect::<Result<_, _>>()
        .map_err(|error| refuse(&error))?;
    match chain.is_empty() {
        true => Err(refuse(&"none is in it")),
        false => Ok(chain),
    }
}

fn cannot_read(variable: &str, path: &Path, what: &str, error: &dyn Display) -> String {
    let path = path.display();
    format!("{variable}: {path}: cannot be read as a {what} in PEM: {error}")
}

fn cannot_use(files: &TlsFiles, error: &Error) -> String {
    let (certificate, key) = (files.certificate.display(), files.key.display());
    match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => format!(
            "TLS_KEY_FILE: {key}: is not the key of the first certificate in {certificate}: name the pair \
             that was made together, the server's own certificate first"
        ),
        Error::InvalidCertificate(why) => {
            format!("TLS_CERT_FILE: {certificate}: the certificate is damaged: {why:?}")
        }
        error => format!("TLS_KEY_FILE: {key}: cannot be used: {error}"),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};
    use tempfile::TempDir;

    use super::*;

    /// Writes a pair that is valid from the start of `from` to that of `until`.
    pub(crate) fn write(folder: &TempDir, from: i32, until: i32) -> TlsFiles {
        let files = TlsFiles {
            certificate: folder.path().join("certificate.pem"),
            key: folder.path().join("key.pem"),
        };
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().pem();
        std::fs::write(&files.certificate, certificate).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    pub(crate) fn now() -> Timestamp {
        // 14 July 2027.
        Timestamp::from_millis(1_815_523_200_000)
    }

    fn refusal(files: &TlsFiles) -> String {
        let line = read(files, now()).unwrap_err();
        assert!(!line.contains('\n'), "{line}");
        line
    }

    #[test]
    fn a_pair_is_read_with_the_end_of_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let identity = read(&write(&folder, 2027, 2028), now()).unwrap();
        assert_eq!(
            identity.validity.until.to_string(),
            "2028-01-01T00:00:00.000Z"
        );
    }

    #[test]
    fn a_certificate_out_of_its_time_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(refusal(&write(&folder, 2026, 2027)).contains("expired at 2027-01-01"));
        assert!(refusal(&write(&folder, 2028, 2029)).contains("not valid before 2028-01-01"));
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let mut files = write(&folder, 2027, 2028);
        files.key = write(&other, 2027, 2028).key;
        let line = refusal(&files);
        assert!(
            line.starts_with("TLS_KEY_FILE") && line.contains("not the key"),
            "{line}"
        );
    }

    #[test]
    fn files_that_are_none_name_their_variable() {
        let folder = tempfile::tempdir().unwrap();
        let good = write(&folder, 2027, 2028);
        let (absent, text) = (folder.path().join("absent"), folder.path().join("text"));
        std::fs::write(&text, "nothing in PEM").unwrap();
        let damaged = folder.path().join("damaged");
        let body = "-----BEGIN CERTIFICATE-----\nMAMCAQE=\n-----END CERTIFICATE-----\n";
        std::fs::write(&damaged, body).unwrap();
        for path in [&absent, &text, &damaged, &good.key] {
            let certificate = path.clone();
            let line = refusal(&TlsFiles {
                certificate,
                ..good.clone()
            });
            assert!(line.starts_with("TLS_CERT_FILE: "), "{line}");
        }
        for path in [&absent, &text, &damaged] {
            let line = refusal(&TlsFiles {
                key: path.clone(),
                ..good.clone()
            });
            assert!(line.starts_with("TLS_KEY_FILE: "), "{line}");
        }
    }
}
