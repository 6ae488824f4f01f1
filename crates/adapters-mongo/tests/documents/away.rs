//! A server that is not there, and URLs that lead nowhere.

use adapters_mongo::{
    ConnectError, MongoAuditLog, MongoDatabase, MongoEventRepository, MongoProbe, MongoSettings,
    MongoStockRepository,
};
use domain::audit::AuditLog;
use domain::cursor::Start;
use domain::event::{EventQuery, EventRepository, ExpectedRevision, InsertEventError};
use domain::health::Probe;
use domain::stock::{ReserveError, StockBatch, StockRepository};
use domain::time::Timestamp;
use tokio::join;
use tokio::net::TcpListener;

use crate::make::{new_event, reservation, token};

/// Nobody may listen on port 1.
const NOWHERE: &str = "mongodb://127.0.0.1:1/boxoffice?replicaSet=rs0";

async fn every_call_says_that_it_is_away(url: &str) {
    let database = MongoDatabase::connect(&MongoSettings::new(url))
        .await
        .unwrap();
    let events = MongoEventRepository::new(database.clone());
    let stock = MongoStockRepository::new(database.clone());
    let audit = MongoAuditLog::new(database.clone());
    let probe = MongoProbe::new(database);
    let event = new_event(5, Timestamp::from_millis(0));
    let wish = reservation(event.id, 1);
    let holds = [wish.hold_ref()];
    let batch = StockBatch {
        settle: Vec::new(),
        reserve: vec![wish],
    };
    let all = EventQuery::default();
    let (inserted, listed, reserved, settled, closed, pinged, nothing) = join!(
        events.insert(&event),
        events.list(&all, Start::Offset(0), 10),
        stock.reserve(&batch),
        stock.settle(&holds),
        stock.close(event.id, token(), &ExpectedRevision::Any),
        probe.ping(),
        audit.append(&[]),
    );
    let inserted = inserted.unwrap_err();
    assert!(matches!(inserted, InsertEventError::Store(why) if why.is_unavailable()));
    assert!(listed.unwrap_err().is_unavailable());
    let reserved = reserved.unwrap_err();
    assert!(matches!(reserved, ReserveError::NotExecuted(why) if why.is_unavailable()));
    assert!(settled.unwrap_err().is_unavailable());
    assert!(closed.unwrap_err().is_unavailable());
    assert!(pinged.unwrap_err().is_unavailable());
    nothing.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_does_not_listen_is_unavailable() {
    every_call_says_that_it_is_away(NOWHERE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_never_answers_is_unavailable() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!(
        "mongodb://{}/boxoffice?replicaSet=rs0",
        silent.local_addr().unwrap()
    );
    every_call_says_that_it_is_away(&url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn urls_that_lead_nowhere_are_refused_without_repeating_them() {
    let connect = async |url: &str| {
        let error = MongoDatabase::connect(&MongoSettings::new(url))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("MONGODB_URL"));
        assert!(!format!("{error} {error:?}").contains("secret"));
        error
    };
    for url in [
        "",
        "mysql://u:secret@host/x",
        "mongodb://u:secret@/x",
        "mongodb://u:secret@h:p/x",
    ] {
        assert!(matches!(connect(url).await, ConnectError::Url), "{url}");
    }
    for url in [
        "mongodb://u:secret@host",
        "mongodb://u:secret@host/?replicaSet=rs0",
    ] {
        assert!(
            matches!(connect(url).await, ConnectError::NoDatabase),
            "{url}"
        );
    }
}
