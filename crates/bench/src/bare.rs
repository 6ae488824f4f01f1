//! What Boxoffice is judged by: the same databases driven by bare drivers, one booking at a time. One
//! update that takes a ticket if there is one, with a majority; then one insert, flushed. No audit, no
//! keys, no checks, and no way back from a crash between the two.

use std::sync::Arc;
use std::time::{Duration, Instant};

use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Document, doc};
use mongodb::options::{Acknowledgment, WriteConcern};
use sqlx::mysql::MySqlPoolOptions;

use crate::Result;
use crate::databases::Databases;
use crate::load::{Measured, summary};

/// Lets `callers` book on `events` events for `span`.
pub(crate) async fn one_at_a_time(
    databases: &Databases,
    callers: usize,
    events: usize,
    span: Duration,
) -> Result<Measured> {
    let pool = MySqlPoolOptions::new()
        .max_connections(64)
        .acquire_timeout(Duration::from_secs(30))
        .connect(&databases.mysql_url)
        .await?;
    sqlx::raw_sql("DROP TABLE IF EXISTS bare")
        .execute(&pool)
        .await?;
    let table = "CREATE TABLE bare (id BIGINT AUTO_INCREMENT PRIMARY KEY, event_id CHAR(24) NOT NULL, \
         user_id BIGINT NOT NULL, quantity INT NOT NULL, INDEX (event_id)) ENGINE=InnoDB";
    sqlx::raw_sql(table).execute(&pool).await?;
    let client = mongodb::Client::with_uri_str(&databases.mongodb_url).await?;
    let database = client.default_database().ok_or("no database name")?;
    let collection = database.collection::<Document>("bare");
    let ids: Vec<ObjectId> = (0..events).map(|_| ObjectId::new()).collect();
    let stock = ids
        .iter()
        .map(|id| doc! { "_id": id, "available": 1_000_000 });
    collection.insert_many(stock).await?;
    let (ids, start) = (Arc::new(ids), Instant::now());
    let tasks = (0..callers).map(|caller| {
        let (pool, collection, ids) = (pool.clone(), collection.clone(), Arc::clone(&ids));
        tokio::spawn(async move {
            let majority = WriteConcern::builder()
                .w(Acknowledgment::Majority)
                .journal(true)
                .build();
            let (mut took, mut number) = (Vec::new(), caller);
            while start.elapsed() < span {
                let (begun, id) = (Instant::now(), ids[number % ids.len()]);
                number += callers;
                let filter = doc! { "_id": id, "available": { "$gte": 1 } };
                let take = collection.update_one(filter, doc! { "$inc": { "available": -1 } });
                take.write_concern(majority.clone()).await?;
                sqlx::query("INSERT INTO bare (event_id, user_id, quantity) VALUES (?, 1, 1)")
                    .bind(id.to_hex())
                    .execute(&pool)
                    .await?;
                took.push(begun.elapsed());
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(took)
        })
    });
    let mut all = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        all.extend(task.await??);
    }
    let measured = summary(all, 0, start.elapsed());
    pool.close().await;
    Ok(measured)
}

/// Lets `callers` read one of `events` documents at a time, one find per read.
pub(crate) async fn finds(
    databases: &Databases,
    callers: usize,
    ids: Vec<String>,
    span: Duration,
) -> Result<Measured> {
    let client = mongodb::Client::with_uri_str(&databases.mongodb_url).await?;
    let database = client.default_database().ok_or("no database name")?;
    let collection = database.collection::<Document>("events");
    let ids = ids
        .iter()
        .map(ObjectId::parse_str)
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let (ids, start) = (Arc::new(ids), Instant::now());
    let tasks = (0..callers).map(|caller| {
        let (collection, ids) = (collection.clone(), Arc::clone(&ids));
        tokio::spawn(async move {
            let (mut took, mut number) = (Vec::new(), caller);
            while start.elapsed() < span {
                let begun = Instant::now();
                let id = ids[number % ids.len()];
                number += callers;
                collection.find_one(doc! { "_id": id }).await?;
                took.push(begun.elapsed());
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(took)
        })
    });
    let mut all = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        all.extend(task.await??);
    }
    Ok(summary(all, 0, start.elapsed()))
}
