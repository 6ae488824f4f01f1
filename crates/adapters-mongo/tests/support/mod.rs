//! A database of a test's own on the server of `BOXOFFICE_TEST_MONGODB_URL`.

use std::sync::atomic::{AtomicU32, Ordering};

use adapters_mongo::{MongoDatabase, MongoSchema, MongoSettings};
use mongodb::{Client, Database};
use tokio::runtime::Handle;

/// A database with the whole schema; dropped, it leaves the server.
pub(crate) struct TestDatabase {
    /// The same database, past the adapter.
    pub(crate) raw: Database,
    pub(crate) adapter: MongoDatabase,
}

impl TestDatabase {
    /// A new, empty database with its schema.
    pub(crate) async fn new() -> Self {
        let database = Self::bare().await;
        MongoSchema::new(database.adapter.clone())
            .up()
            .await
            .expect("the schema is made");
        database
    }

    /// A new database without collections.
    pub(crate) async fn bare() -> Self {
        let server = server_url();
        let (hosts, options) = server
            .split_once("/?")
            .unwrap_or((server.trim_end_matches('/'), ""));
        let name = unused_name();
        let url = format!("{hosts}/{name}?{options}");
        let adapter = MongoDatabase::connect(&MongoSettings::new(url)).await;
        let client = Client::with_uri_str(&server)
            .await
            .expect("the URL is understood");
        Self {
            raw: client.database(&name),
            adapter: adapter.expect("the URL is understood"),
        }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let database = self.raw.clone();
        let dropped = tokio::task::block_in_place(|| {
            Handle::current().block_on(database.drop().into_future())
        });
        // A test that failed tells why by itself; a second panic would hide it.
        if !std::thread::panicking() {
            dropped.expect("the database is dropped");
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the test server is comes from the environment"
)]
pub(crate) fn server_url() -> String {
    std::env::var("BOXOFFICE_TEST_MONGODB_URL").unwrap_or_else(|_| {
        panic!("BOXOFFICE_TEST_MONGODB_URL is not set: run the suites with `cargo xtask test`")
    })
}

/// A name that no other test uses, nor one of an earlier run that was killed.
#[expect(
    clippy::disallowed_methods,
    reason = "a name for a test's own database"
)]
fn unused_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("test_{}_{count}", uuid::Uuid::now_v7().simple())
}
