//! Databases of their own on the server that the tests are given.
#![allow(dead_code, reason = "each test binary uses its part")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod stall;

use std::str::FromStr;
use std::time::Duration;

use adapters_mysql::mysql::connect;
use adapters_mysql::relational::SqlStore;
use adapters_mysql::{MySqlSchema, MySqlSettings};
use sea_orm::{ConnectionTrait, Statement};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, Connection, Executor, Row};

pub(crate) use stall::Stall;

const GRACE: Duration = Duration::from_secs(15);

/// A new, empty database, which is dropped with this.
pub(crate) struct Database {
    base: String,
    name: String,
}

impl Database {
    /// Without tables.
    pub(crate) async fn empty() -> Self {
        let base = server_url();
        let name = format!("test_{}", unique());
        execute(&base, &format!("CREATE DATABASE {name}")).await;
        Self { base, name }
    }

    /// With the schema applied.
    pub(crate) async fn migrated() -> Self {
        let database = Self::empty().await;
        // Loading the script is ten times faster than migrating.
        database.load_script().await;
        database
    }

    /// Applies the printed schema.
    pub(crate) async fn load_script(&self) {
        execute(&self.url(), &adapters_mysql::mysql_script()).await;
    }

    /// Gives a table another name.
    pub(crate) async fn rename(&self, from: &str, to: &str) {
        self.run(&format!("RENAME TABLE {from} TO {to}")).await;
    }

    /// Executes a statement.
    pub(crate) async fn run(&self, statement: &str) {
        execute(&self.url(), statement).await;
    }

    pub(crate) fn url(&self) -> String {
        format!("{}/{}", self.base, self.name)
    }

    pub(crate) fn settings(&self) -> MySqlSettings {
        MySqlSettings {
            max_connections: 8,
            ..MySqlSettings::new(self.url(), GRACE)
        }
    }

    pub(crate) fn store(&self) -> SqlStore {
        connect(&self.settings()).unwrap()
    }

    pub(crate) fn schema(&self) -> MySqlSchema {
        MySqlSchema::new(&self.settings()).unwrap()
    }

    /// A store with a single connection, and what is in its way.
    pub(crate) async fn stalled_store(&self) -> (SqlStore, Stall) {
        let options = MySqlConnectOptions::from_str(&self.url()).unwrap();
        let stall = Stall::before(&options).await;
        let server = format!("{}:{}", options.get_host(), options.get_port());
        let through = format!("127.0.0.1:{}", stall.port());
        let url = self.url().replace(&server, &through);
        let settings = MySqlSettings {
            // Not encrypted: what is in the way looks at what is sent.
            url: format!("{url}?ssl-mode=disabled"),
            max_connections: 1,
            recovery_grace: GRACE,
        };
        (connect(&settings).unwrap(), stall)
    }

    /// A connection of the test's own.
    pub(crate) async fn connection(&self) -> MySqlConnection {
        MySqlConnection::connect(&self.url()).await.unwrap()
    }

    /// A text in the only row of a question.
    pub(crate) async fn text(&self, question: &str, column: usize) -> String {
        let mut connection = self.connection().await;
        let row = connection
            .fetch_one(AssertSqlSafe(question.to_owned()))
            .await
            .unwrap();
        connection.close().await.unwrap();
        row.get(column)
    }

    /// Waits until a session in this database waits for a lock; its number.
    pub(crate) async fn until_somebody_waits(&self) -> u64 {
        let mut connection = self.connection().await;
        let question = "SELECT CAST(t.trx_mysql_thread_id AS UNSIGNED) \
             FROM information_schema.innodb_trx t JOIN information_schema.processlist p \
             ON p.id = t.trx_mysql_thread_id \
             WHERE p.db = DATABASE() AND t.trx_state = 'LOCK WAIT' LIMIT 1";
        for _ in 0..100 {
            if let Some(row) = connection.fetch_optional(question).await.unwrap() {
                return row.get(0);
            }
            // InnoDB renews this table only when it was left alone for a tenth of a second.
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        panic!("nobody waits");
    }

    /// Kills all other sessions in this database.
    pub(crate) async fn kill_others(&self) {
        let mut connection = self.connection().await;
        let question = "SELECT CAST(id AS UNSIGNED) FROM information_schema.processlist \
             WHERE db = DATABASE() AND id <> CONNECTION_ID()";
        for row in connection.fetch_all(question).await.unwrap() {
            let id: u64 = row.get(0);
            connection
                .execute(AssertSqlSafe(format!("KILL CONNECTION {id}")))
                .await
                .unwrap();
        }
    }
}

/// A text in the only row of a question to a store.
pub(crate) async fn text_of(store: &SqlStore, question: &str) -> String {
    let reader = store.reader();
    let statement = Statement::from_string(reader.get_database_backend(), question);
    let row = reader.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

impl Drop for Database {
    /// From a thread with a runtime of its own, since nothing can be awaited here.
    fn drop(&mut self) {
        let (base, name) = (self.base.clone(), self.name.clone());
        let drop = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(execute(&base, &format!("DROP DATABASE {name}")));
        };
        // A test that fails because the server is gone has said so already.
        let _ = std::thread::spawn(drop).join();
    }
}

async fn execute(url: &str, sql: &str) {
    let mut connection = MySqlConnection::connect(url)
        .await
        .expect("the test server is away");
    connection
        .execute(AssertSqlSafe(sql.to_owned()))
        .await
        .unwrap();
    connection.close().await.unwrap();
}

fn server_url() -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "tests are told by the environment where to run"
    )]
    let url = std::env::var("BOXOFFICE_TEST_MYSQL_URL");
    url.unwrap_or_else(|_| {
        panic!(
            "BOXOFFICE_TEST_MYSQL_URL is not set: `cargo xtask test` starts the servers and sets it"
        )
    })
}

/// A name that no other test has, in this run or in one at the same time.
fn unique() -> String {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("{}_{number}", std::process::id())
}
