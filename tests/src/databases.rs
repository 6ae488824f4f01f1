//! The databases of a test: its own in the shared servers, or on servers of its own.

use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, Database};
use tempfile::TempDir;
use xtask::servers::{
    Executables, Server, start_mariadb, start_mongodb, start_mongodb_set, start_mysql,
};

/// What a variable says; the tests are told by the environment where to run.
fn variable(name: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "the test harness is configured by it"
    )]
    let value = std::env::var(name);
    value.unwrap_or_else(|_| panic!("{name} is not set: run the suites with `cargo xtask test`"))
}

/// The databases of one test, gone with this.
pub struct Databases {
    folder: TempDir,
    remote: Option<Remote>,
}

struct Remote {
    mysql: String,
    mongodb: String,
    name: String,
    shared: bool,
}

/// Database servers that a test may kill and freeze.
pub struct OwnServers {
    /// MariaDB or MySQL.
    pub mysql: Server,
    /// MongoDB.
    pub mongodb: Server,
}

impl Databases {
    /// New and empty, of the kind that the run is about.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        if Self::are_embedded() {
            return Self {
                folder,
                remote: None,
            };
        }
        let mysql = variable("BOXOFFICE_TEST_MYSQL_URL");
        let mongodb = variable("BOXOFFICE_TEST_MONGODB_URL");
        Self::on(folder, &mysql, &mongodb, true).await
    }

    /// On servers of their own; not for the embedded default, which has none.
    pub async fn on_own_servers() -> (Self, OwnServers) {
        let programs = Executables::from_env();
        let start = move || OwnServers {
            mysql: start_sql(&programs),
            mongodb: start_mongodb(&programs).unwrap(),
        };
        let servers = tokio::task::spawn_blocking(start).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let databases = Self::on(folder, servers.mysql.url(), servers.mongodb.url(), false).await;
        (databases, servers)
    }

    /// On servers of their own, MongoDB as a replica set of three, so that one of them can be missed.
    pub async fn on_a_replica_set() -> (Self, Server, Vec<Server>) {
        let programs = Executables::from_env();
        let start = move || {
            let mongodb = start_mongodb_set(&programs, 3).unwrap();
            (start_sql(&programs), mongodb)
        };
        let (mysql, mongodb) = tokio::task::spawn_blocking(start).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let databases = Self::on(folder, mysql.url(), mongodb[0].url(), false).await;
        (databases, mysql, mongodb)
    }

    /// Whether the run is about the embedded default.
    pub fn are_embedded() -> bool {
        match variable("BOXOFFICE_TEST_BACKEND").as_str() {
            "embedded" => true,
            "mariadb-mongodb" | "mysql-mongodb" => false,
            other => panic!("BOXOFFICE_TEST_BACKEND: {other} is no backend"),
        }
    }

    async fn on(folder: TempDir, mysql: &str, mongodb: &str, shared: bool) -> Self {
        let name = unique();
        execute(mysql, &format!("CREATE DATABASE {name}")).await;
        let (server, options) = mongodb.split_once("/?").unwrap_or((mongodb, ""));
        let remote = Remote {
            mysql: mysql.to_owned(),
            mongodb: format!("{server}/{name}?{options}"),
            name,
            shared,
        };
        Self {
            folder,
            remote: Some(remote),
        }
    }

    /// The variables that point a server at them.
    pub fn variables(&self) -> Vec<(String, String)> {
        let data = self.folder.path().join("data");
        let mut variables = vec![("DATA_DIR".to_owned(), data.display().to_string())];
        if let Some(remote) = &self.remote {
            variables.push(("MYSQL_URL".to_owned(), self.sql_url()));
            variables.push(("MONGODB_URL".to_owned(), remote.mongodb.clone()));
            variables.push(("MIGRATE_ON_START".to_owned(), "true".to_owned()));
        }
        variables
    }

    /// A folder that goes with them.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Where users and bookings are.
    pub(crate) fn sql_url(&self) -> String {
        match &self.remote {
            Some(remote) => format!("{}/{}", remote.mysql, remote.name),
            None => {
                let file = self.folder.path().join("data/boxoffice.sqlite3");
                format!("sqlite://{}", file.display())
            }
        }
    }

    /// Where events are, unless they are where the bookings are.
    pub(crate) fn mongodb_url(&self) -> Option<&str> {
        self.remote.as_ref().map(|remote| remote.mongodb.as_str())
    }
}

/// The kind of SQL server that the run is about.
fn start_sql(programs: &Executables) -> Server {
    match variable("BOXOFFICE_TEST_BACKEND").as_str() {
        "mysql-mongodb" => start_mysql(programs).unwrap(),
        _ => start_mariadb(programs).unwrap(),
    }
}

impl Drop for Databases {
    /// From a thread with a runtime of its own, since nothing can be awaited here. Servers of their
    /// own take their databases with them.
    fn drop(&mut self) {
        let Some(remote) = self.remote.take().filter(|remote| remote.shared) else {
            return;
        };
        let drop = move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                execute(&remote.mysql, &format!("DROP DATABASE {}", remote.name)).await;
                let client = mongodb::Client::with_uri_str(&remote.mongodb)
                    .await
                    .unwrap();
                client.database(&remote.name).drop().await.unwrap();
            });
        };
        // What is left over by a failure goes with the throw-away server.
        let _ = std::thread::spawn(drop).join();
    }
}

async fn execute(url: &str, sql: &str) {
    let connection = Database::connect(url)
        .await
        .expect("the SQL server does not answer");
    connection.execute_unprepared(sql).await.unwrap();
    connection.close().await.unwrap();
}

/// A name that no other test has, in this run or in one at the same time.
fn unique() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!(
        "e2e_{}_{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    )
}

impl Databases {
    /// Runs a command of the program on them to its end, beside any server.
    pub async fn run(&self, arguments: &[&str]) -> std::process::Output {
        let output = tokio::process::Command::new(program())
            .args(arguments)
            .env_clear()
            .envs(self.variables())
            .env("JWT_SECRET", crate::JWT_SECRET)
            .env("PORT", "0")
            .env("RECOVERY_GRACE_SECONDS", "5")
            .env("LOG_LEVEL", "error")
            .current_dir(self.folder())
            .stdin(std::process::Stdio::null())
            .kill_on_drop(true)
            .output();
        let output = tokio::time::timeout(std::time::Duration::from_secs(120), output).await;
        output.expect("it does not end").unwrap()
    }
}

/// The path of the program under test.
pub fn program() -> String {
    variable("BOXOFFICE_BIN")
}
