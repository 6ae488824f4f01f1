//! What stands between the driver and the server, and can keep bytes back.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use adapters_mongo::{MongoDatabase, MongoEventRepository, MongoSettings, MongoStockRepository};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::make::Store;
use crate::support::server_url;

/// What only an `update` command has in it.
const UPDATE: &[u8] = b"updates";

/// Carries everything, unless told to keep requests or answers back for a while.
pub(crate) struct Relay {
    address: String,
    requests: watch::Sender<bool>,
    answers: watch::Sender<bool>,
    /// How many updates arrived after they had been kept back.
    late: Arc<AtomicUsize>,
}

impl Relay {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (requests, answers) = (watch::Sender::new(true), watch::Sender::new(true));
        let late = Arc::<AtomicUsize>::default();
        let relay = Self {
            late: Arc::clone(&late),
            address,
            requests: requests.clone(),
            answers: answers.clone(),
        };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server_address()).await.unwrap();
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                let late = Arc::clone(&late);
                let to_come = requests.subscribe();
                tokio::spawn(carry(from_client, to_server, to_come, Some(late)));
                tokio::spawn(carry(from_server, to_client, answers.subscribe(), None));
            }
        });
        relay
    }

    /// The stock of `store` as it is reached through this.
    pub(crate) async fn stock(&self, store: &Store) -> MongoStockRepository {
        MongoStockRepository::new(self.database(store).await)
    }

    /// The events of `store` as they are reached through this.
    pub(crate) async fn events(&self, store: &Store) -> MongoEventRepository {
        MongoEventRepository::new(self.database(store).await)
    }

    /// The server knows the connections by the name of the store.
    async fn database(&self, store: &Store) -> MongoDatabase {
        let (name, address) = (store.database.raw.name(), &self.address);
        let url = format!("mongodb://{address}/{name}?directConnection=true&appName={name}");
        let database = MongoDatabase::connect(&MongoSettings::new(url)).await;
        database.unwrap()
    }

    /// Lets answers through, or keeps them back.
    pub(crate) fn let_answers(&self, through: bool) {
        self.answers.send_replace(through);
    }

    /// Lets requests through, or keeps them back.
    pub(crate) fn let_requests(&self, through: bool) {
        self.requests.send_replace(through);
    }

    /// How many updates arrived late.
    pub(crate) fn late(&self) -> usize {
        self.late.load(Ordering::SeqCst)
    }
}

/// Carries bytes until either end closes, as long as they may go through. What was sent before an end
/// closed still arrives.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut through: watch::Receiver<bool>,
    late: Option<Arc<AtomicUsize>>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let is_late = !*through.borrow();
        // An error means that the test is over.
        let _ = through.wait_for(|through| *through).await;
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
        }
        let mut windows = buffer[..length].windows(UPDATE.len());
        if let Some(late) = &late
            && is_late
            && windows.any(|window| window == UPDATE)
        {
            late.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// The host and the port of the test server.
fn server_address() -> String {
    let url = server_url();
    let rest = url.strip_prefix("mongodb://").unwrap();
    let end = rest.find(['/', '?', ',']).unwrap_or(rest.len());
    rest[..end].to_owned()
}
