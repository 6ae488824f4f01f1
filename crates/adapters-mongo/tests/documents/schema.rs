//! Validators and indexes.

use adapters_mongo::{MongoDiagnosis, MongoSchema, SchemaStep};
use domain::audit::Outcome;
use domain::diagnosis::{Diagnosis, Verdict};
use domain::event::EventRepository;
use futures_util::future::join_all;
use mongodb::bson::{DateTime, Document, doc};

use crate::make::Store;
use crate::support::TestDatabase;

async fn applied(schema: &MongoSchema) -> Vec<bool> {
    schema
        .steps()
        .await
        .unwrap()
        .iter()
        .map(|step: &SchemaStep| step.applied)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_goes_up_again_and_again_and_down_step_by_step() {
    let database = TestDatabase::bare().await;
    let schema = MongoSchema::new(database.adapter.clone());
    assert_eq!(applied(&schema).await, [false; 4]);
    for _ in 0..2 {
        schema.up().await.unwrap();
        assert_eq!(applied(&schema).await, [true; 4]);
    }
    for left in [
        [true, true, true, false],
        [true, true, false, false],
        [true, false, false, false],
        [false; 4],
        [false; 4],
    ] {
        schema.down(1).await.unwrap();
        assert_eq!(applied(&schema).await, left);
    }
    schema.up().await.unwrap();
    assert_eq!(applied(&schema).await, [true; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_at_once_agree() {
    let database = TestDatabase::bare().await;
    let schema = MongoSchema::new(database.adapter.clone());
    join_all((0..8).map(|_| schema.up()))
        .await
        .into_iter()
        .for_each(Result::unwrap);
    assert_eq!(applied(&schema).await, [true; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_index_and_another_validator_are_noticed_and_mended() {
    let database = TestDatabase::new().await;
    let schema = MongoSchema::new(database.adapter.clone());
    database
        .raw
        .collection::<Document>("events")
        .drop_index("held")
        .await
        .unwrap();
    let other = doc! { "collMod": "system_logs", "validator": { "at": { "$exists": true } } };
    database.raw.run_command(other).await.unwrap();
    assert_eq!(applied(&schema).await, [false, false, true, true]);
    schema.up().await.unwrap();
    assert_eq!(applied(&schema).await, [true; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn going_down_keeps_the_documents() {
    let store = Store::new().await;
    let event = store.event(5).await;
    let schema = MongoSchema::new(store.database.adapter.clone());
    schema.down(3).await.unwrap();
    assert!(store.events.find(event).await.unwrap().is_some());
    schema.up().await.unwrap();
    assert!(store.events.find(event).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_impossible_stock_is_refused_whoever_writes_it() {
    let store = Store::new().await;
    let event = store.event(5).await;
    let impossible = [
        doc! { "availableTickets": 6_i64, "stock.general.available": 6_i64 },
        doc! { "availableTickets": -1_i64, "stock.general.available": -1_i64 },
        doc! { "availableTickets": 4_i64 },
        doc! { "totalTickets": 6_i64 },
        doc! { "stock.general.returned": "1" },
        doc! { "held": false },
        doc! { "holds": {} },
        doc! { "closing": { "token": "x" } },
        doc! { "date": "tomorrow" },
    ];
    let before = store.document(event).await;
    for set in impossible {
        assert!(store.edit(event, set.clone()).await.is_err(), "{set}");
    }
    assert_eq!(store.document(event).await, before);
    let possible = doc! { "availableTickets": 4_i64, "stock.general.available": 4_i64 };
    store.edit(event, possible).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_of_before_takes_no_other_outcome_once_it_is_brought_up() {
    let database = TestDatabase::new().await;
    let logs = database.raw.collection::<Document>("system_logs");
    let record = |outcome: &str| {
        doc! {
            "at": DateTime::from_millis(0), "level": "info", "action": "user.login", "actor": {},
            "outcome": outcome, "requestId": "r", "details": {},
        }
    };
    // The validator that any text would do for.
    let before = doc! { "$jsonSchema": { "properties": { "outcome": { "bsonType": "string" } } } };
    let command = doc! { "collMod": "system_logs", "validator": before };
    database.raw.run_command(command).await.unwrap();
    logs.insert_one(record("maybe")).await.unwrap();
    let schema = MongoSchema::new(database.adapter.clone());
    assert_eq!(applied(&schema).await, [true, false, true, true]);
    schema.up().await.unwrap();
    assert_eq!(applied(&schema).await, [true; 4]);
    assert!(logs.insert_one(record("maybe")).await.is_err());
    for outcome in Outcome::ALL {
        logs.insert_one(record(outcome.name())).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_tells_how_it_is_set_up_and_whether_it_may_be_written_to() {
    let database = TestDatabase::new().await;
    let diagnosis = MongoDiagnosis::new(database.adapter.clone());
    let examination = diagnosis.examine().await.unwrap();
    let found = |subject: &str| {
        let mut findings = examination.findings.iter();
        let finding = findings.find(|finding| finding.subject == subject);
        finding.unwrap().verdict == Verdict::Ok
    };
    assert!(found("version") && found("replica set") && found("durability"));
    assert!(found("transactions"));
    let years = 1_700_000_000_000..4_102_444_800_000;
    assert!(years.contains(&examination.clock.millis()));
    diagnosis.try_writing().await.unwrap();
    for collection in ["events", "checkpoint", "system_logs", "idempotency_keys"] {
        let documents = database.raw.collection::<Document>(collection);
        assert_eq!(documents.count_documents(doc! {}).await.unwrap(), 0);
        // What stands in for a collection that may not be written to.
        documents.drop().await.unwrap();
        let view = database.raw.create_collection(collection);
        view.view_on("nothing").await.unwrap();
        assert!(diagnosis.try_writing().await.is_err(), "{collection}");
        documents.drop().await.unwrap();
    }
}
