//! TLS by the real program: who talks to it, what it says of wrong files, and how it takes renewed ones.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use rustls::crypto::ring;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Ends what hangs; nothing here measures speed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A folder with the two files, and where a server keeps its data.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Makes a new pair, in the place of the one before, and returns the certificate.
    fn renew(&self) -> CertificateDer<'static> {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        std::fs::write(self.file("certificate.pem"), certificate.pem()).unwrap();
        std::fs::write(self.file("key.pem"), key.serialize_pem()).unwrap();
        certificate.der().clone()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_boxoffice"));
        command
            .args(arguments)
            .env_clear()
            .env("TLS_CERT_FILE", self.file("certificate.pem"))
            .env("TLS_KEY_FILE", self.file("key.pem"))
            .env("ADMIN_PORT", "off")
            .current_dir(self.0.path())
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }
}

/// A running server; killed when this is dropped.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    async fn start(place: &Place) -> Self {
        let mut command = place.command(&["--port", "0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let first = first.unwrap().unwrap().unwrap();
        let (_, address) = first.split_once("listens on https://127.0.0.1:").unwrap();
        let port = address.parse().unwrap();
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { child, port }
    }

    /// Connects as somebody who trusts `certificate` alone.
    async fn connect(
        &self,
        certificate: &CertificateDer<'static>,
        protocol: &str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).unwrap();
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.into()];
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await?;
        let name = ServerName::try_from("localhost").unwrap();
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
        tokio::time::timeout(PATIENCE, connecting).await.unwrap()
    }
}

#[tokio::test]
async fn http_1_and_http_2_are_spoken_as_the_client_chooses() {
    let place = Place::new();
    let certificate = place.renew();
    let server = Server::start(&place).await;

    let mut stream = server.connect(&certificate, "http/1.1").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let request = "GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");

    let stream = server.connect(&certificate, "h2").await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://localhost/health/live");
    let (answer, _) = client
        .send_request(request.body(()).unwrap(), true)
        .unwrap();
    assert_eq!(answer.await.unwrap().status(), 200);
}

#[tokio::test]
async fn who_does_not_speak_tls_gets_no_answer_and_the_healthcheck_does() {
    let place = Place::new();
    place.renew();
    let server = Server::start(&place).await;
    let mut plain = TcpStream::connect(("127.0.0.1", server.port))
        .await
        .unwrap();
    let request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n";
    plain.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    // An end or a reset, as the system has it.
    let _ = tokio::time::timeout(PATIENCE, plain.read_to_end(&mut answer))
        .await
        .unwrap();
    assert!(!answer.starts_with(b"HTTP"));

    let port = server.port.to_string();
    let status = place
        .command(&["healthcheck", "--port", &port])
        .status()
        .await;
    assert!(status.unwrap().success());
}

#[cfg(unix)]
#[tokio::test]
async fn a_renewed_certificate_is_taken_on_sighup() {
    let place = Place::new();
    let first = place.renew();
    let server = Server::start(&place).await;
    server.connect(&first, "h2").await.unwrap();
    let second = place.renew();
    let pid = i32::try_from(server.child.id().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    let taken = async {
        while server.connect(&second, "h2").await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, taken).await.unwrap();
    server.connect(&first, "h2").await.unwrap_err();
}

/// What a command prints in all, and whether it ended well.
async fn output(place: &Place, arguments: &[&str]) -> (String, bool) {
    let mut command = place.command(arguments);
    let output = command.stderr(Stdio::piped()).output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (String::from_utf8(text).unwrap(), output.status.success())
}

#[tokio::test]
async fn files_that_cannot_be_used_refuse_the_start_and_the_check_names_them() {
    let place = Place::new();
    place.renew();
    let (text, is_right) = output(&place, &["check"]).await;
    let told = text.contains("the certificate is valid until");
    assert!(is_right && told, "{text}");

    let other = Place::new();
    other.renew();
    std::fs::copy(other.file("key.pem"), place.file("key.pem")).unwrap();
    is_refused(&place, "TLS_KEY_FILE: ").await;
    for (file, variable) in [
        ("key.pem", "TLS_KEY_FILE: "),
        ("certificate.pem", "TLS_CERT_FILE: "),
    ] {
        std::fs::write(place.file(file), "nothing in PEM").unwrap();
        is_refused(&place, variable).await;
    }
}

/// One line by whatever would start, and a finding by the check.
async fn is_refused(place: &Place, variable: &str) {
    let (text, is_right) = output(place, &["serve", "--port", "0"]).await;
    let line = format!("boxoffice: {variable}");
    assert!(!is_right && text.starts_with(&line), "{text}");
    let (text, is_right) = output(place, &["check"]).await;
    let line = format!("wrong: configuration: TLS_CERT_FILE, TLS_KEY_FILE: {variable}");
    assert!(!is_right && text.contains(&line), "{text}");
}
