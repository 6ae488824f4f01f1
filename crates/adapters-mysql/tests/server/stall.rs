//! A way to the server on which answers can be held back.

use std::sync::Arc;

use sqlx::mysql::MySqlConnectOptions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What makes answers stop coming: the first thing sent that contains these bytes.
const NOTHING: &[u8] = &[];

/// Passes everything on, until told to hold back the answer to something.
pub(crate) struct Stall {
    port: u16,
    trigger: Arc<watch::Sender<&'static [u8]>>,
    holding: watch::Sender<bool>,
}

impl Stall {
    /// In front of the server of `target`.
    pub(crate) async fn before(target: &MySqlConnectOptions) -> Self {
        let server = (target.get_host().to_owned(), target.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let trigger = Arc::new(watch::Sender::new(NOTHING));
        let holding = watch::Sender::new(false);
        let stall = Self {
            port,
            trigger: Arc::clone(&trigger),
            holding: holding.clone(),
        };
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect((server.0.as_str(), server.1))
                    .await
                    .unwrap();
                pass_on(client, server, Arc::clone(&trigger), holding.clone());
            }
        });
        stall
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Holds back all answers from the next thing on that is sent and contains `bytes`. That itself
    /// arrives.
    pub(crate) fn at(&self, bytes: &'static [u8]) {
        self.trigger.send_replace(bytes);
    }

    /// Lets everything through again.
    pub(crate) fn end(&self) {
        self.trigger.send_replace(NOTHING);
        self.holding.send_replace(false);
    }
}

fn pass_on(
    client: TcpStream,
    server: TcpStream,
    trigger: Arc<watch::Sender<&'static [u8]>>,
    holding: watch::Sender<bool>,
) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut held = holding.subscribe();
    tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            let bytes = *trigger.borrow();
            let sent = &buffer[..count];
            if !bytes.is_empty() && sent.windows(bytes.len()).any(|window| window == bytes) {
                holding.send_replace(true);
            }
            if to_server.write_all(sent).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_server.read(&mut buffer).await {
            if held.wait_for(|held| !held).await.is_err()
                || to_client.write_all(&buffer[..count]).await.is_err()
            {
                return;
            }
        }
    });
}
