//! [`Diagnosis`] of MongoDB.

use std::time::Duration;

use async_trait::async_trait;
use domain::diagnosis::{Diagnosis, Examination, Finding};
use domain::error::StoreError;
use domain::time::Timestamp;
use mongodb::bson::{Document, doc};

use crate::STORE;
use crate::connection::{MongoDatabase, bounded};
use crate::error::MongoError;

/// The longest that the answers may take.
const LIMIT: Duration = Duration::from_secs(3);
/// The oldest version, by its first number.
const LEAST_VERSION: u32 = 6;
/// The setting that ends a transaction whose client is gone.
const TRANSACTION_LIFE: &str = "transactionLifetimeLimitSeconds";
/// The longest that it may take, in seconds: as long nobody can book the event that the transaction changed.
const MOST_TRANSACTION_LIFE: i64 = 10;

/// What the server answers.
struct Answers {
    build: Document,
    hello: Document,
    /// An account of an application may not ask for these two, and need not.
    config: Option<Document>,
    parameter: Option<Document>,
}

/// [`Diagnosis`] of the server behind a database.
#[derive(Clone, Debug)]
pub struct MongoDiagnosis {
    database: MongoDatabase,
}

impl MongoDiagnosis {
    /// Of the server of `database`.
    pub fn new(database: MongoDatabase) -> Self {
        Self { database }
    }

    async fn ask(&self) -> Result<Answers, MongoError> {
        let database = self.database.database();
        let admin = self.database.client().database("admin");
        let parameter = doc! { "getParameter": 1, TRANSACTION_LIFE: 1 };
        Ok(Answers {
            build: database.run_command(doc! { "buildInfo": 1 }).await?,
            hello: database.run_command(doc! { "hello": 1 }).await?,
            config: admin.run_command(doc! { "replSetGetConfig": 1 }).await.ok(),
            parameter: admin.run_command(parameter).await.ok(),
        })
    }
}

#[async_trait]
impl Diagnosis for MongoDiagnosis {
    fn store(&self) -> &'static str {
        STORE
    }

    async fn examine(&self) -> Result<Examination, StoreError> {
        let answers = bounded(LIMIT, self.ask()).await?;
        let clock = answers.hello.get_datetime("localTime");
        let clock = clock.map_or(0, |time| time.timestamp_millis());
        Ok(Examination {
            findings: vec![
                judge_version(answers.build.get_str("version").unwrap_or_default()),
                judge_replica_set(&answers.hello),
                judge_journal(answers.config.as_ref()),
                judge_transactions(answers.parameter.as_ref()),
                Finding::ok("connections", self.database.connections_in_words()),
            ],
            clock: Timestamp::from_millis(clock),
        })
    }

    async fn try_writing(&self) -> Result<(), StoreError> {
        let collections = [
            self.database.events(),
            self.database.checkpoint(),
            self.database.system_logs(),
            self.database.idempotency_keys(),
        ];
        let writes = bounded(LIMIT, async {
            for collection in collections {
                // There is no such document, so that rights are looked at and nothing is written.
                let nobody = doc! { "_id": "boxoffice check" };
                let change = doc! { "$set": { "seen": true } };
                collection.update_one(nobody.clone(), change).await?;
                collection.delete_one(nobody).await?;
            }
            Ok(())
        });
        Ok(writes.await?)
    }
}

fn judge_version(version: &str) -> Finding {
    let first = version.split('.').next().and_then(|n| n.parse().ok());
    match first {
        Some(LEAST_VERSION..) => Finding::ok("version", version),
        _ => Finding::wrong("version", version, "use MongoDB 6 or newer"),
    }
}

fn judge_replica_set(hello: &Document) -> Finding {
    let writable = hello.get_bool("isWritablePrimary").unwrap_or(false);
    match hello.get_str("setName") {
        Ok(name) if writable => Finding::ok("replica set", format!("{name}, its primary is there")),
        Ok(name) => Finding::wrong(
            "replica set",
            format!("{name}, without a primary"),
            "see `rs.status()`: a majority of the members must be up",
        ),
        Err(_) => Finding::wrong(
            "replica set",
            "none",
            "start mongod with --replSet and run `rs.initiate()`; one member is enough",
        ),
    }
}

fn judge_journal(config: Option<&Document>) -> Finding {
    let setting = config
        .and_then(|reply| reply.get_document("config").ok())
        .and_then(|config| config.get_bool("writeConcernMajorityJournalDefault").ok());
    let seen = |value: bool| format!("writeConcernMajorityJournalDefault = {value}");
    match setting {
        Some(true) => Finding::ok("durability", seen(true)),
        Some(false) => Finding::doubtful(
            "durability",
            seen(false),
            "set it to true by `rs.reconfig()`: Boxoffice asks for the journal, others may not",
        ),
        None => Finding::doubtful(
            "durability",
            "this account may not see the replica set's configuration",
            "look yourself: `rs.conf().writeConcernMajorityJournalDefault` should be true",
        ),
    }
}

fn judge_transactions(parameter: Option<&Document>) -> Finding {
    let seconds = parameter.and_then(|reply| reply.get(TRANSACTION_LIFE));
    let seconds = seconds.and_then(|value| value.as_i64().or(value.as_i32().map(i64::from)));
    let seen = |value: i64| format!("{TRANSACTION_LIFE} = {value}");
    match seconds {
        Some(value @ ..=MOST_TRANSACTION_LIFE) => Finding::ok("transactions", seen(value)),
        Some(value) => Finding::doubtful(
            "transactions",
            seen(value),
            "give every mongod `--setParameter transactionLifetimeLimitSeconds=10`: as long as it says nobody \
             can book an event while a killed instance's change of it is not given up",
        ),
        None => Finding::doubtful(
            "transactions",
            "this account may not see the server's parameters",
            "look yourself: `db.adminCommand({getParameter: 1, transactionLifetimeLimitSeconds: 1})` should say \
             10 or less",
        ),
    }
}

#[cfg(test)]
mod tests {
    use domain::diagnosis::Verdict;
    use mongodb::bson::Bson;

    use super::*;

    #[test]
    fn versions_from_six_on_are_taken() {
        for good in ["6.0.0", "8.0.4", "10.1.0"] {
            assert_eq!(judge_version(good).verdict, Verdict::Ok, "{good}");
        }
        for bad in ["5.0.30", "", "x"] {
            let verdict = judge_version(bad).verdict;
            assert!(matches!(verdict, Verdict::Wrong { .. }), "{bad}");
        }
    }

    #[test]
    fn a_server_by_itself_is_no_replica_set() {
        let verdict = |hello: Document| judge_replica_set(&hello).verdict;
        let primary = doc! { "setName": "rs0", "isWritablePrimary": true };
        assert_eq!(verdict(primary), Verdict::Ok);
        let alone = doc! { "isWritablePrimary": true };
        assert!(matches!(verdict(alone), Verdict::Wrong { .. }));
        let headless = doc! { "setName": "rs0", "isWritablePrimary": false };
        assert!(matches!(verdict(headless), Verdict::Wrong { .. }));
    }

    #[test]
    fn what_may_not_be_seen_is_doubtful_and_not_wrong() {
        let config =
            |value: bool| doc! { "config": { "writeConcernMajorityJournalDefault": value } };
        assert_eq!(judge_journal(Some(&config(true))).verdict, Verdict::Ok);
        for config in [Some(config(false)), None] {
            let verdict = judge_journal(config.as_ref()).verdict;
            assert!(matches!(verdict, Verdict::Doubtful { .. }));
        }
    }

    #[test]
    fn a_transaction_that_outlives_its_client_for_long_is_doubtful() {
        let verdict = |reply: Option<Document>| judge_transactions(reply.as_ref()).verdict;
        let life = |seconds: Bson| Some(doc! { TRANSACTION_LIFE: seconds });
        for good in [Bson::Int32(10), Bson::Int64(1)] {
            assert_eq!(verdict(life(good)), Verdict::Ok);
        }
        for bad in [life(Bson::Int32(11)), life(Bson::Int64(60)), None] {
            assert!(matches!(verdict(bad), Verdict::Doubtful { .. }));
        }
    }
}
