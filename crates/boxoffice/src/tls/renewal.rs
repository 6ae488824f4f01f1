//! The certificate that is shown now. Renewed files are taken without a restart.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use domain::runtime::Clock;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::files::read;
use crate::config::TlsFiles;

/// The time between two looks at the files.
const AGAIN: Duration = Duration::from_secs(60);

/// The files, and what was in them when they were last right.
pub(crate) struct Certificates {
    files: TlsFiles,
    clock: Arc<dyn Clock>,
    current: RwLock<Arc<CertifiedKey>>,
}

impl std::fmt::Debug for Certificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificates").finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current())
    }
}

impl Certificates {
    /// Reads the files, which must be right.
    pub(crate) fn load(files: &TlsFiles, clock: &Arc<dyn Clock>) -> Result<Arc<Self>, String> {
        let identity = read(files, clock.now())?;
        Ok(Arc::new(Self {
            files: files.clone(),
            clock: Arc::clone(clock),
            current: RwLock::new(identity.key),
        }))
    }

    /// How the server speaks TLS: 1.2 and 1.3, no certificates of clients.
    pub(crate) fn server_config(self: &Arc<Self>) -> Result<ServerConfig, String> {
        let provider = Arc::new(ring::default_provider());
        let versions = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| format!("TLS: {error}"))?;
        let resolver = Arc::<Self>::clone(self);
        Ok(versions.with_no_client_auth().with_cert_resolver(resolver))
    }

    /// Looks at the files every minute, and on SIGHUP. What cannot be used is told once, and what was in
    /// them before stays.
    pub(crate) async fn keep_fresh(self: Arc<Self>) {
        let mut hang_up = HangUp::listen();
        let mut told = None;
        loop {
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                () = hang_up.recv() => told = None,
            }
            let here = Arc::clone(&self);
            match tokio::task::spawn_blocking(move || here.renew()).await {
                Ok(Ok(true)) => tracing::info!("the renewed certificate is in use"),
                Ok(Err(line)) if told.as_ref() != Some(&line) => {
                    tracing::error!(error = line, "the certificate before stays in use");
                    told = Some(line);
                }
                Ok(Err(_)) => {}
                Ok(Ok(false)) | Err(_) => told = None,
            }
        }
    }

    /// Whether there was anything new.
    fn renew(&self) -> Result<bool, String> {
        let identity = read(&self.files, self.clock.now())?;
        let is_new = identity.key.cert != self.current().cert;
        if is_new {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = identity.key;
        }
        Ok(is_new)
    }

    fn current(&self) -> Arc<CertifiedKey> {
        let current = self.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }
}

/// SIGHUP, where there is such a thing.
struct HangUp(#[cfg(unix)] Option<tokio::signal::unix::Signal>);

impl HangUp {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let listening = signal(SignalKind::hangup());
        Self(
            listening
                .inspect_err(|error| tracing::warn!(%error, "cannot listen to SIGHUP"))
                .ok(),
        )
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
        Self()
    }

    async fn recv(&mut self) {
        #[cfg(unix)]
        if let Some(signal) = &mut self.0
            && signal.recv().await.is_some()
        {
            return;
        }
        std::future::pending().await
    }
}

#[cfg(test)]
mod tests {
    use domain::runtime::MockClock;

    use super::super::files::tests::{now, write};
    use super::*;

    #[test]
    fn renewed_files_are_taken_and_broken_ones_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut clock = MockClock::new();
        clock.expect_now().returning(now);
        let clock: Arc<dyn Clock> = Arc::new(clock);
        let certificates = Certificates::load(&write(&folder, 2027, 2028), &clock).unwrap();
        let first = certificates.current();
        assert_eq!(certificates.renew(), Ok(false));

        let files = write(&folder, 2027, 2029);
        assert_eq!(certificates.renew(), Ok(true));
        let second = certificates.current();
        assert_ne!(first.cert, second.cert);

        std::fs::remove_file(&files.key).unwrap();
        certificates.renew().unwrap_err();
        write(&folder, 2026, 2027);
        certificates.renew().unwrap_err();
        assert_eq!(certificates.current().cert, second.cert);
    }
}
