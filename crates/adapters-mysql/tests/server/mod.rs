//! Databases of their own on the server that the tests are given.
#![allow(dead_code, reason = "each test binary uses its part")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

use std::time::Duration;

use adapters_mysql::mysql::connect;
use adapters_mysql::relational::SqlStore;
use adapters_mysql::{MySqlSchema, MySqlSettings};
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};

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

    /// A connection of the test's own.
    pub(crate) async fn connection(&self) -> MySqlConnection {
        MySqlConnection::connect(&self.url()).await.unwrap()
    }
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
