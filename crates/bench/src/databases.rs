//! Databases of the run's own, and whether their servers keep what they acknowledge.

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};
use sqlx::mysql::{MySqlPoolOptions, MySqlRow};
use sqlx::{AssertSqlSafe, MySqlPool, Row};

use crate::Result;

/// How many events are added at a time.
const GROWN_AT_ONCE: usize = 2_000;

/// An empty database on each server.
pub(crate) struct Databases {
    name: &'static str,
    server: MySqlPool,
    /// With the database's name.
    pub(crate) mysql_url: String,
    /// With the database's name.
    pub(crate) mongodb_url: String,
    mongodb: mongodb::Client,
}

/// A user who is signed in.
#[derive(Clone)]
pub(crate) struct Buyer {
    pub(crate) user: i64,
    pub(crate) session: String,
}

/// How much is in the databases.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) events: u64,
    pub(crate) bookings: i64,
}

impl Databases {
    pub(crate) async fn make(mysql: &str, mongodb: &str, name: &'static str) -> Result<Self> {
        let server = MySqlPoolOptions::new()
            .max_connections(1)
            .connect(mysql)
            .await?;
        let (host, options) = mongodb.split_once("/?").unwrap_or((mongodb, ""));
        let databases = Self {
            name,
            server,
            mysql_url: format!("{mysql}/{name}"),
            mongodb_url: format!("{host}/{name}?{options}"),
            mongodb: mongodb::Client::with_uri_str(mongodb).await?,
        };
        databases.drop().await?;
        databases.sql(&format!("CREATE DATABASE {name}")).await?;
        Ok(databases)
    }

    /// The servers' versions; an error unless every commit is flushed and a majority is asked.
    pub(crate) async fn check_durable(&self) -> Result<String> {
        let question = "SELECT CAST(@@GLOBAL.innodb_flush_log_at_trx_commit AS CHAR), VERSION()";
        let row = sqlx::query(question).fetch_one(&self.server).await?;
        let flush: String = row.get(0);
        if flush != "1" {
            return Err(format!("innodb_flush_log_at_trx_commit is {flush}: set it to 1").into());
        }
        let version: String = row.get(1);
        let admin = self.mongodb.database("admin");
        let hello = admin.run_command(doc! { "hello": 1 }).await?;
        if hello.get_str("setName").is_err() {
            return Err("MongoDB is no replica set: there are no majority writes".into());
        }
        let build: Document = admin.run_command(doc! { "buildInfo": 1 }).await?;
        let mongodb = build.get_str("version").unwrap_or("?");
        Ok(format!("MySQL protocol: {version}; MongoDB {mongodb}"))
    }

    pub(crate) async fn drop(&self) -> Result<()> {
        let name = self.name;
        self.sql(&format!("DROP DATABASE IF EXISTS {name}")).await?;
        self.mongodb.database(name).drop().await?;
        Ok(())
    }

    /// So many users, who share the password of the one that is there already, with a session each.
    pub(crate) async fn buyers(&self, count: u32) -> Result<Vec<Buyer>> {
        let name = self.name;
        let insert = format!(
            "INSERT INTO {name}.users (name, email, email_key, password_hash, role, created_at) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
             SELECT 'Buyer', CONCAT('buyer', i, '@example.com'), CONCAT('buyer', i, '@example.com'), \
             (SELECT MAX(u.password_hash) FROM {name}.users u), 'user', NOW(6) FROM n"
        );
        self.sql(&insert).await?;
        let sessions = format!(
            "INSERT INTO {name}.sessions (id, user_id, created_at, expires_at) \
             SELECT UUID(), id, NOW(3), NOW(3) + INTERVAL 1 YEAR FROM {name}.users WHERE role = 'user'"
        );
        self.sql(&sessions).await?;
        let question = format!(
            "SELECT s.user_id, s.id FROM {name}.sessions s JOIN {name}.users u \
             ON u.id = s.user_id WHERE u.role = 'user' AND u.name = 'Buyer'"
        );
        let rows = sqlx::query(AssertSqlSafe(question))
            .fetch_all(&self.server)
            .await?;
        let buyer = |row: &MySqlRow| Buyer {
            user: row.get(0),
            session: row.get(1),
        };
        Ok(rows.iter().map(buyer).collect())
    }

    /// The newest confirmed bookings.
    pub(crate) async fn bookings(&self, most: u32) -> Result<Vec<i64>> {
        let name = self.name;
        let newest = format!(
            "SELECT id FROM {name}.bookings WHERE status = 'confirmed' ORDER BY id DESC LIMIT {most}"
        );
        self.numbers(&newest).await
    }

    /// Adds so many events, each like the newest and with ten bookings of `buyers`; what is there then.
    pub(crate) async fn grow(&self, count: usize, buyers: &[Buyer]) -> Result<Size> {
        let name = self.name;
        let events = self.mongodb.database(name).collection::<Document>("events");
        let newest = events.find_one(doc! {}).sort(doc! { "_id": -1 }).await?;
        let mut event = newest.ok_or("no event to copy")?;
        let stock = doc! { "total": 1_000_i64, "available": 990_i64, "returned": 0_i64 };
        event.insert("stock", doc! { "general": stock });
        event.insert("totalTickets", 1_000_i64);
        event.insert("availableTickets", 990_i64);
        event.insert("holds", Vec::<Bson>::new());
        event.remove("held");
        let table = format!("{name}.grown");
        self.sql(&format!(
            "CREATE TABLE {table} (event_id CHAR(24) PRIMARY KEY)"
        ))
        .await?;
        for start in (0..count).step_by(GROWN_AT_ONCE) {
            let some = (start..count.min(start + GROWN_AT_ONCE)).map(|_| {
                event.insert("_id", ObjectId::new());
                event.clone()
            });
            let some: Vec<Document> = some.collect();
            let ids = some
                .iter()
                .filter_map(|event| event.get_object_id("_id").ok());
            let rows: Vec<String> = ids.map(|id| format!("('{}')", id.to_hex())).collect();
            events.insert_many(some).await?;
            let rows = rows.join(",");
            self.sql(&format!("INSERT INTO {table} VALUES {rows}"))
                .await?;
            self.sql(&format!(
                "INSERT INTO {name}.bookings (reservation_id, event_id, user_id, ticket_type, quantity, \
                 status, created_at) \
                 WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9) \
                 SELECT UUID(), g.event_id, {first} + MOD(CRC32(g.event_id) + n.i, {buyers}), 'general', \
                 1, 'confirmed', NOW(6) FROM {table} g CROSS JOIN n",
                first = buyers.iter().map(|buyer| buyer.user).min().ok_or("no buyers")?,
                buyers = buyers.len(),
            ))
            .await?;
            self.sql(&format!("DELETE FROM {table}")).await?;
        }
        let count = format!("SELECT COUNT(*) FROM {name}.bookings");
        let bookings = self.numbers(&count).await?.first().copied().unwrap_or(0);
        Ok(Size {
            events: events.count_documents(doc! {}).await?,
            bookings,
        })
    }

    async fn numbers(&self, question: &str) -> Result<Vec<i64>> {
        let rows = sqlx::query(AssertSqlSafe(question.to_owned()))
            .fetch_all(&self.server)
            .await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn sql(&self, text: &str) -> Result<()> {
        sqlx::raw_sql(AssertSqlSafe(text.to_owned()))
            .execute(&self.server)
            .await?;
        Ok(())
    }
}
