//! A server that takes every request, and whose answers do not arrive for a while.

use std::time::Duration;

use adapters_mongo::{MongoDatabase, MongoSettings, MongoStockRepository};
use domain::event::EventId;
use domain::stock::{Reservation, ReserveError, ReserveOutcome, StockBatch, StockRepository};
use futures_util::future::join_all;
use mongodb::bson::{Bson, Document};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

use crate::make::{Store, reservation};
use crate::support::server_url;

/// Stands between the driver and the server, and can keep the answers back.
struct Relay {
    address: String,
    silent: watch::Sender<bool>,
}

impl Relay {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (silent, is_silent) = watch::channel(false);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server_address()).await.unwrap();
                let (requests, to_client) = client.into_split();
                let (answers, to_server) = server.into_split();
                tokio::spawn(carry(requests, to_server, None));
                tokio::spawn(carry(answers, to_client, Some(is_silent.clone())));
            }
        });
        Self { address, silent }
    }
}

/// Carries bytes until either end closes; while it is silent they wait.
async fn carry(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    silent: Option<watch::Receiver<bool>>,
) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if let Some(mut silent) = silent.clone() {
            // An error means that the test is over.
            let _ = silent.wait_for(|silent| !silent).await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            break;
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

async fn reserve(
    stock: &MongoStockRepository,
    wish: &Reservation,
) -> Result<Vec<ReserveOutcome>, ReserveError> {
    let batch = StockBatch {
        settle: Vec::new(),
        reserve: vec![wish.clone()],
    };
    stock.reserve(&batch).await
}

fn has_hold(document: &Document, wish: &Reservation) -> bool {
    let id = wish.id.to_string();
    let mut holds = document
        .get_array("holds")
        .unwrap()
        .iter()
        .filter_map(Bson::as_document);
    holds.any(|hold| hold.get_str("reservationId").unwrap() == id)
}

async fn succeeds(stock: &MongoStockRepository, event: EventId) {
    for _ in 0..100 {
        if let Ok(outcomes) = reserve(stock, &reservation(event, 1)).await {
            assert_eq!(outcomes, [ReserveOutcome::Granted]);
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("the server is back, and nobody noticed");
}

/// The driver ends a call on a connection of a silent server with the same error as a call that never
/// got a connection. The first kind was executed.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_not_to_be_executed_was_not() {
    let store = Store::new().await;
    let event = store.event(1_000).await;
    let relay = Relay::start().await;
    let name = store.database.raw.name();
    let url = format!("mongodb://{}/{name}?directConnection=true", relay.address);
    let database = MongoDatabase::connect(&MongoSettings::new(url))
        .await
        .unwrap();
    let stock = MongoStockRepository::new(database);
    // Connections for all, so that what follows is sent at once.
    let wishes: Vec<Reservation> = (0..12).map(|_| reservation(event, 1)).collect();
    join_all(wishes.iter().map(|wish| reserve(&stock, wish))).await;

    relay.silent.send(true).unwrap();
    let wishes: Vec<Reservation> = (0..12).map(|_| reservation(event, 1)).collect();
    let calls = wishes.iter().zip(0..).map(|(wish, place)| {
        let stock = &stock;
        async move {
            sleep(Duration::from_millis(200 * place)).await;
            reserve(stock, wish).await
        }
    });
    let answers = join_all(calls).await;
    relay.silent.send(false).unwrap();
    succeeds(&stock, event).await;

    let document = store.document(event).await;
    for (wish, answer) in wishes.iter().zip(answers) {
        match answer {
            Ok(outcomes) => panic!("{outcomes:?} without an answer"),
            Err(ReserveError::NotExecuted(_)) => assert!(!has_hold(&document, wish)),
            Err(ReserveError::Unknown(why)) => assert!(why.is_unavailable()),
        }
    }
    assert!(
        wishes.iter().any(|wish| has_hold(&document, wish)),
        "some were executed"
    );
}
