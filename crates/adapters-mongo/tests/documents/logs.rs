//! What a page of the audit log costs, by the server's own account of the very calls.

use adapters_mongo::{MongoAuditLog, MongoSchema};
use domain::audit::{Action, AuditFilter, AuditOrder, AuditTrail, Outcome, Target};
use domain::cursor::Moment;
use domain::time::Timestamp;
use domain::user::UserId;
use futures_util::TryStreamExt;
use mongodb::bson::{DateTime, Document, doc};

use crate::support::TestDatabase;

/// The moment of the first record; one follows every ten milliseconds.
const FIRST: i64 = 1_735_689_600_000;
const STEP: i64 = 10;
/// The rows of a page.
const LIMIT: usize = 20;

/// A log of `root` times `root` records. The half in the middle is failures only: a night of attacks.
async fn log_of(root: i32) -> (TestDatabase, MongoAuditLog) {
    let database = TestDatabase::bare().await;
    let count = i64::from(root) * i64::from(root);
    let nth = |of: i64| doc! { "$mod": ["$n", of] };
    let one_of = |names: Vec<&str>, nth: Document| doc! { "$arrayElemAt": [names, nth] };
    let attacked = doc! { "$and": [
        { "$gte": ["$n", count / 4] }, { "$lt": ["$n", count / 4 * 3] },
    ] };
    let number = doc! { "$add": [{ "$multiply": ["$a", root] }, "$b"] };
    let pipeline = [
        doc! { "$project": { "a": { "$range": [0, root] }, "b": { "$range": [0, root] } } },
        doc! { "$unwind": "$a" },
        doc! { "$unwind": "$b" },
        doc! { "$project": { "_id": 0, "n": number } },
        doc! { "$project": {
            "at": { "$add": [DateTime::from_millis(FIRST), { "$multiply": ["$n", STEP] }] },
            "level": "info",
            "action": one_of(vec!["booking.create", "user.login", "event.update"], nth(3)),
            "actor": { "userId": { "$toLong": nth(7) } },
            "target": { "kind": "event", "id": { "$toString": nth(11) } },
            "outcome": { "$cond": [attacked, "failure", "success"] },
            "requestId": "r",
            "details": { "$literal": {} },
        } },
        doc! { "$merge": { "into": "system_logs", "whenMatched": "fail" } },
    ];
    let seed = database.raw.collection::<Document>("seed");
    seed.insert_one(doc! {}).await.unwrap();
    seed.aggregate(pipeline).await.unwrap();
    MongoSchema::new(database.adapter.clone())
        .up()
        .await
        .unwrap();
    let log = MongoAuditLog::new(database.adapter.clone());
    (database, log)
}

/// What is asked: each filter by itself, and those together that an index serves together.
fn filters(count: i64) -> Vec<AuditFilter> {
    let none = AuditFilter::default;
    let (success, failure) = (Some(Outcome::Success), Some(Outcome::Failure));
    let login = Some(Action::Login);
    let at = |n: i64| Some(Timestamp::from_millis(FIRST + n * STEP));
    let target = || Some(Target::parse("event:3").unwrap());
    vec![
        none(),
        AuditFilter {
            actor: Some(UserId::new(3)),
            ..none()
        },
        AuditFilter {
            action: login,
            ..none()
        },
        AuditFilter {
            target: target(),
            ..none()
        },
        AuditFilter {
            outcome: success,
            ..none()
        },
        AuditFilter {
            outcome: failure,
            ..none()
        },
        AuditFilter {
            action: login,
            outcome: success,
            ..none()
        },
        AuditFilter {
            since: at(count / 8),
            until: at(count),
            ..none()
        },
        AuditFilter {
            target: target(),
            since: at(count / 8),
            ..none()
        },
    ]
}

/// Documents and index keys that the server looked at for one page behind the middle of the log.
async fn cost(
    database: &TestDatabase,
    log: &MongoAuditLog,
    filter: &AuditFilter,
    order: AuditOrder,
    middle: i64,
) -> (i64, i64) {
    let profile = database.raw.collection::<Document>("system.profile");
    database
        .raw
        .run_command(doc! { "profile": 2 })
        .await
        .unwrap();
    let after = Moment {
        at: Timestamp::from_millis(FIRST + middle * STEP),
        id: [0x80; 12],
    };
    let page = log.read(filter, order, Some(after), LIMIT).await.unwrap();
    database
        .raw
        .run_command(doc! { "profile": 0 })
        .await
        .unwrap();
    assert_eq!(page.len(), LIMIT, "{filter:?}");
    let of_logs = doc! { "ns": format!("{}.system_logs", database.raw.name()) };
    let found = profile.find(of_logs).await.unwrap();
    let found: Vec<Document> = found.try_collect().await.unwrap();
    profile.drop().await.unwrap();
    // A walk of the rest of the cursor's own moment, and one of what lies behind it if that is not enough.
    assert!((1..=2).contains(&found.len()), "{found:?}");
    let sorted = |call: &Document| call.contains_key("hasSortStage");
    assert!(!found.iter().any(sorted), "{found:?}");
    let number = |name: &str| -> i64 {
        let numbers = found
            .iter()
            .map(|call| i64::from(call.get_i32(name).unwrap()));
        numbers.sum()
    };
    (number("docsExamined"), number("keysExamined"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_million_records_costs_what_a_page_of_a_thousand_does() {
    let (small, large) = (log_of(32).await, log_of(1_000).await);
    let records = large.0.raw.collection::<Document>("system_logs");
    assert_eq!(records.estimated_document_count().await.unwrap(), 1_000_000);
    for order in [AuditOrder::NewestFirst, AuditOrder::OldestFirst] {
        for (few, many) in filters(32 * 32).into_iter().zip(filters(1_000_000)) {
            let (in_few, _) = cost(&small.0, &small.1, &few, order, 512).await;
            let (in_many, keys) = cost(&large.0, &large.1, &many, order, 500_000).await;
            assert_eq!(in_many, in_few, "{many:?}");
            // A page; and for each action and outcome, which the server merges, one key that may be the next.
            let page = i64::try_from(LIMIT).unwrap();
            let merged = i64::try_from(Action::ALL.len() * Outcome::ALL.len()).unwrap();
            assert!(
                in_many <= page + 1 && keys <= page + 2 * (merged + 1),
                "{in_many} {keys} {many:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_indexes_are_replaced() {
    let database = TestDatabase::bare().await;
    let logs = database.raw.collection::<Document>("system_logs");
    let old = doc! { "createIndexes": "system_logs", "indexes": [
        { "name": "at", "key": { "at": 1 } },
        { "name": "user_at", "key": { "actor.userId": 1, "at": 1 } },
        { "name": "action_at", "key": { "action": 1, "at": 1 } },
        { "name": "outcome_at_id", "key": { "outcome": 1, "at": 1, "_id": 1 } },
    ] };
    database.raw.run_command(old).await.unwrap();
    let schema = MongoSchema::new(database.adapter.clone());
    schema.up().await.unwrap();
    let names = logs.list_index_names().await.unwrap();
    // Each is one more write per booking.
    let expected = [
        "_id_",
        // Left to the version before.
        "outcome_at_id",
        "user_at_id",
        "action_outcome_at_id",
        "target_at_id",
    ];
    assert_eq!(names, expected);
    assert!(
        schema
            .steps()
            .await
            .unwrap()
            .iter()
            .all(|step| step.applied)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_newer_version_wrote_is_forgotten_too() {
    let database = TestDatabase::bare().await;
    let schema = MongoSchema::new(database.adapter.clone());
    schema.up().await.unwrap();
    let logs = database.raw.collection::<Document>("system_logs");
    let records = [1, 2, 3].map(|n| {
        doc! {
            "at": DateTime::from_millis(FIRST + n * STEP), "level": "info", "action": "gate.open",
            "actor": {}, "outcome": "success", "requestId": "r", "details": {},
        }
    });
    logs.insert_many(records).await.unwrap();
    let log = MongoAuditLog::new(database.adapter.clone());
    let before = Timestamp::from_millis(FIRST + 3 * STEP);
    assert_eq!(log.forget(before, 1).await.unwrap(), 1);
    assert_eq!(log.forget(before, 10).await.unwrap(), 1);
    assert_eq!(log.forget(before, 10).await.unwrap(), 0);
    assert_eq!(logs.count_documents(doc! {}).await.unwrap(), 1);
}
