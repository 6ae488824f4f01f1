//! A look into the databases themselves, past the API.

use std::collections::HashSet;

use futures_util::TryStreamExt;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, QueryResult, Statement,
};
use serde_json::Value;

use crate::databases::Databases;

/// Connections of the test's own.
pub struct Inspector {
    sql: DatabaseConnection,
    mongodb: Option<mongodb::Database>,
}

/// An event's stock as its store has it.
#[derive(Debug, Clone, Default)]
pub struct EventStock {
    /// All tickets.
    pub total: i64,
    /// Those that can be had.
    pub available: i64,
    /// How many ever came back, as far as the event knows.
    pub returned: i64,
    /// Reservation and quantity of each hold.
    pub holds: Vec<(String, i64)>,
}

/// A row of the bookings.
#[derive(Debug, Clone)]
pub struct BookingRow {
    /// The id.
    pub id: i64,
    /// `confirmed`, `cancelled` or `void`.
    pub status: String,
    /// How many tickets.
    pub quantity: i64,
    /// The reservation.
    pub reservation: String,
    /// Whose it is.
    pub user: Option<i64>,
}

impl Inspector {
    /// Connects.
    pub async fn open(databases: &Databases) -> Self {
        // One connection: a lock belongs to it.
        let mut options = ConnectOptions::new(databases.sql_url());
        options.max_connections(1).sqlx_logging(false);
        let sql = Database::connect(options)
            .await
            .expect("the SQL store does not answer");
        let mongodb = match databases.mongodb_url() {
            Some(url) => mongodb::Client::with_uri_str(url)
                .await
                .unwrap()
                .default_database(),
            None => None,
        };
        Self { sql, mongodb }
    }

    /// The stock of an event.
    pub async fn stock(&self, event: &str) -> EventStock {
        match &self.mongodb {
            Some(database) => mongodb_stock(database, event).await,
            None => self.sqlite_stock(event).await,
        }
    }

    /// Id and revision of every event of that title.
    pub async fn events_titled(&self, title: &str) -> Vec<(String, i64)> {
        let Some(database) = &self.mongodb else {
            let sql = format!("SELECT id, revision FROM events WHERE title = '{title}'");
            let row = |row: &QueryResult| {
                let revision = row.try_get("", "revision").unwrap();
                (row.try_get("", "id").unwrap(), revision)
            };
            return self.rows(&sql).await.iter().map(row).collect();
        };
        let events = database.collection::<Document>("events");
        let found = events.find(doc! { "title": title }).await.unwrap();
        let found: Vec<Document> = found.try_collect().await.unwrap();
        let event = |event: &Document| {
            let id = event.get_object_id("_id").unwrap().to_hex();
            (id, number(event, "revision"))
        };
        found.iter().map(event).collect()
    }

    /// All rows of the bookings of an event, fences too.
    pub async fn bookings(&self, event: &str) -> Vec<BookingRow> {
        let sql = format!(
            "SELECT id, status, quantity, reservation_id, user_id FROM bookings WHERE event_id = '{event}'"
        );
        let row = |row: &QueryResult| BookingRow {
            id: row.try_get("", "id").unwrap(),
            status: row.try_get("", "status").unwrap(),
            quantity: row.try_get::<i32>("", "quantity").unwrap().into(),
            reservation: row.try_get("", "reservation_id").unwrap(),
            user: row.try_get("", "user_id").unwrap(),
        };
        self.rows(&sql).await.iter().map(row).collect()
    }

    /// How many tickets ever came back to an event, as the bookings' store counts.
    pub async fn returned(&self, event: &str) -> i64 {
        let sql = format!("SELECT returned FROM stock_returns WHERE event_id = '{event}'");
        let rows = self.rows(&sql).await;
        rows.iter()
            .map(|row| row.try_get::<i64>("", "returned").unwrap())
            .sum()
    }

    /// The number of users.
    pub async fn users(&self) -> usize {
        self.rows("SELECT id FROM users").await.len()
    }

    /// What stands in a user's row as text: name, address, the address as it is compared, and the
    /// password's hash.
    pub async fn user_texts(&self, id: i64) -> Vec<String> {
        let columns = ["name", "email", "email_key", "password_hash"];
        let sql = format!("SELECT {} FROM users WHERE id = {id}", columns.join(", "));
        let rows = self.rows(&sql).await;
        let text = |column: &&str| rows[0].try_get("", column).unwrap();
        columns.iter().map(text).collect()
    }

    /// Deletes a user as an operator would.
    pub async fn delete_user(&self, id: i64) {
        self.sql
            .execute_unprepared(&format!("DELETE FROM users WHERE id = {id}"))
            .await
            .unwrap();
    }

    /// Adds to the available tickets of an event, as no step of Boxoffice would.
    pub async fn damage(&self, event: &str, more: i64) {
        match &self.mongodb {
            Some(database) => {
                let id = ObjectId::parse_str(event).unwrap();
                let more =
                    doc! { "$inc": { "stock.general.available": more, "availableTickets": more } };
                let events = database.collection::<Document>("events");
                let done = events.update_one(doc! { "_id": id }, more).await.unwrap();
                assert_eq!(done.modified_count, 1);
            }
            None => {
                let sql = format!(
                    "UPDATE event_stock SET available = available + {more} WHERE event_id = '{event}'"
                );
                self.execute(&sql).await;
            }
        }
    }

    /// Loses an event, as a store that was restored to an earlier day.
    pub async fn lose_event(&self, event: &str) {
        match &self.mongodb {
            Some(database) => {
                let id = ObjectId::parse_str(event).unwrap();
                let events = database.collection::<Document>("events");
                events.delete_one(doc! { "_id": id }).await.unwrap();
            }
            None => {
                self.execute(&format!("DELETE FROM events WHERE id = '{event}'"))
                    .await;
            }
        }
    }

    /// Sets the checkpoints beside the bookings and beside the events, as if one had been restored:
    /// number and time in milliseconds since 1970.
    pub async fn set_checkpoints(&self, bookings: (i64, i64), events: (i64, i64)) {
        self.set_checkpoint_row(1, bookings).await;
        let (n, at) = events;
        match &self.mongodb {
            Some(database) => {
                let at = mongodb::bson::DateTime::from_millis(at);
                let checkpoints = database.collection::<Document>("checkpoint");
                let set = doc! { "$set": { "n": n, "at": at } };
                let update = checkpoints.update_one(doc! { "_id": "events" }, set);
                update.await.unwrap();
            }
            None => self.set_checkpoint_row(2, events).await,
        }
    }

    async fn set_checkpoint_row(&self, id: i64, (n, at): (i64, i64)) {
        self.execute(&format!("DELETE FROM checkpoint WHERE id = {id}"))
            .await;
        self.execute(&format!("INSERT INTO checkpoint VALUES ({id}, {n}, {at})"))
            .await;
    }

    /// Takes SQLite's write lock, as another process would that writes for a long time.
    pub async fn lock_file(&self) {
        self.sql
            .execute_unprepared("BEGIN IMMEDIATE")
            .await
            .unwrap();
    }

    /// Gives the lock back.
    pub async fn unlock_file(&self) {
        self.sql.execute_unprepared("ROLLBACK").await.unwrap();
    }

    /// The audit log, oldest first, in its JSON form.
    pub async fn audit_log(&self) -> Vec<Value> {
        let mut records = match &self.mongodb {
            Some(database) => mongodb_records(database).await,
            None => {
                let rows = self.rows("SELECT record FROM system_logs").await;
                let text = |row: &QueryResult| row.try_get::<String>("", "record").unwrap();
                rows.iter()
                    .map(|row| serde_json::from_str(&text(row)).unwrap())
                    .collect()
            }
        };
        records.sort_by_key(|record: &Value| record["at"].as_i64());
        records
    }

    /// Makes every audit record that many days older.
    pub async fn age_audit_log(&self, days: i64) {
        let age = days * 24 * 3_600 * 1_000;
        match &self.mongodb {
            Some(database) => {
                let older = doc! { "$set": { "at": { "$subtract": ["$at", age] } } };
                let logs = database.collection::<Document>("system_logs");
                logs.update_many(doc! {}, vec![older]).await.unwrap();
            }
            None => {
                self.execute(&format!("UPDATE system_logs SET at = at - {age}"))
                    .await;
            }
        }
    }

    /// Asserts the equation of an event on which nothing moves, and that nothing is in flight:
    /// what is gone from the stock is booked, and what came back is back.
    #[track_caller]
    pub fn assert_whole(stock: &EventStock, bookings: &[BookingRow], returned: i64) {
        Self::assert_equation(stock, bookings, returned);
        assert!(stock.holds.is_empty(), "{stock:?}");
        assert_eq!(stock.returned, returned);
    }

    /// Asserts the equation of an event on which nothing moves.
    #[track_caller]
    pub fn assert_equation(stock: &EventStock, bookings: &[BookingRow], returned: i64) {
        let booked: HashSet<&str> = bookings
            .iter()
            .filter(|row| row.status != "void")
            .map(|row| row.reservation.as_str())
            .collect();
        let unbooked = stock
            .holds
            .iter()
            .filter(|(id, _)| !booked.contains(id.as_str()));
        let held: i64 = unbooked.map(|(_, quantity)| quantity).sum();
        let confirmed = bookings.iter().filter(|row| row.status == "confirmed");
        let confirmed: i64 = confirmed.map(|row| row.quantity).sum();
        let gone = stock.total - stock.available;
        assert_eq!(
            gone,
            confirmed + held + returned - stock.returned,
            "{stock:?}, {bookings:?}"
        );
        assert!((0..=stock.total).contains(&stock.available), "{stock:?}");
    }

    /// Waits until nothing is in flight on the event, and asserts that it is whole.
    pub async fn until_whole(&self, event: &str) -> (EventStock, Vec<BookingRow>) {
        crate::until_true("nothing in flight", async || {
            let stock = self.stock(event).await;
            stock.holds.is_empty() && stock.returned == self.returned(event).await
        })
        .await;
        let (stock, bookings) = (self.stock(event).await, self.bookings(event).await);
        Self::assert_whole(&stock, &bookings, self.returned(event).await);
        (stock, bookings)
    }

    async fn execute(&self, sql: &str) {
        self.sql.execute_unprepared(sql).await.unwrap();
    }

    async fn rows(&self, sql: &str) -> Vec<QueryResult> {
        let statement = Statement::from_string(self.sql.get_database_backend(), sql);
        self.sql.query_all_raw(statement).await.unwrap()
    }

    async fn sqlite_stock(&self, event: &str) -> EventStock {
        let number = |row: &QueryResult, name| row.try_get::<i64>("", name).unwrap();
        let sql = format!(
            "SELECT total, available, returned FROM event_stock WHERE event_id = '{event}'"
        );
        let rows = self.rows(&sql).await;
        let row = rows.first().expect("no such event");
        let sql = format!(
            "SELECT reservation_id, CAST(quantity AS BIGINT) AS quantity FROM holds WHERE event_id = '{event}'"
        );
        let holds = self.rows(&sql).await;
        let hold = |row: &QueryResult| {
            (
                row.try_get("", "reservation_id").unwrap(),
                i64::from(row.try_get::<i32>("", "quantity").unwrap()),
            )
        };
        EventStock {
            total: number(row, "total"),
            available: number(row, "available"),
            returned: number(row, "returned"),
            holds: holds.iter().map(hold).collect(),
        }
    }
}

fn number(document: &Document, name: &str) -> i64 {
    match document.get(name) {
        Some(Bson::Int32(number)) => i64::from(*number),
        Some(Bson::Int64(number)) => *number,
        other => panic!("{name}: {other:?}"),
    }
}

async fn mongodb_stock(database: &mongodb::Database, event: &str) -> EventStock {
    let events = database.collection::<Document>("events");
    let id = ObjectId::parse_str(event).unwrap();
    let event = events
        .find_one(doc! { "_id": id })
        .await
        .unwrap()
        .expect("no such event");
    let general = event
        .get_document("stock")
        .unwrap()
        .get_document("general")
        .unwrap();
    assert_eq!(number(general, "total"), number(&event, "totalTickets"));
    assert_eq!(
        number(general, "available"),
        number(&event, "availableTickets")
    );
    let holds = |lot: &Bson| {
        let lot = lot.as_document().unwrap();
        let quantity = number(lot, "quantity");
        let ids = lot.get_array("reservationIds").unwrap().iter();
        let holds = ids.map(|id| (id.as_str().unwrap().to_owned(), quantity));
        holds.collect::<Vec<_>>()
    };
    let lots = event.get_array("holds").unwrap().iter();
    EventStock {
        total: number(general, "total"),
        available: number(general, "available"),
        returned: number(general, "returned"),
        holds: lots.flat_map(holds).collect(),
    }
}

/// With `at` in milliseconds, as the embedded default has it.
async fn mongodb_records(database: &mongodb::Database) -> Vec<Value> {
    let records = database
        .collection::<Document>("system_logs")
        .find(doc! {})
        .await
        .unwrap();
    let records: Vec<Document> = records.try_collect().await.unwrap();
    let value = |mut record: Document| {
        let at = record.get_datetime("at").unwrap().timestamp_millis();
        record.insert("at", at);
        record.remove("_id");
        json(Bson::Document(record))
    };
    records.into_iter().map(value).collect()
}

fn json(value: Bson) -> Value {
    match value {
        Bson::Null => Value::Null,
        Bson::Boolean(value) => value.into(),
        Bson::Int32(number) => number.into(),
        Bson::Int64(number) => number.into(),
        Bson::Double(number) => number.into(),
        Bson::String(text) => text.into(),
        Bson::Array(values) => values.into_iter().map(json).collect(),
        Bson::Document(document) => document.into_iter().map(|(k, v)| (k, json(v))).collect(),
        other => panic!("an audit record holds {other:?}"),
    }
}

/// What the whole run rests on: an equation that is wrong is noticed.
#[cfg(test)]
mod tests {
    use super::*;

    fn stock(available: i64, returned: i64, holds: &[(&str, i64)]) -> EventStock {
        EventStock {
            total: 10,
            available,
            returned,
            holds: holds.iter().map(|(id, n)| ((*id).to_owned(), *n)).collect(),
        }
    }

    fn row(reservation: &str, status: &str, quantity: i64) -> BookingRow {
        BookingRow {
            id: 1,
            status: status.to_owned(),
            quantity,
            reservation: reservation.to_owned(),
            user: Some(1),
        }
    }

    fn rows() -> Vec<BookingRow> {
        let (confirmed, cancelled) = (row("a", "confirmed", 2), row("b", "cancelled", 3));
        vec![confirmed, cancelled, row("c", "void", 4)]
    }

    #[test]
    fn a_whole_event_passes_and_so_does_one_in_flight() {
        Inspector::assert_whole(&stock(8, 3, &[]), &rows(), 3);
        // "a" is booked and not settled yet, "d" is reserved and not booked, "b" not yet back.
        let holds = [("a", 2), ("d", 1)];
        Inspector::assert_equation(&stock(4, 0, &holds), &rows(), 3);
    }

    #[test]
    #[should_panic(expected = "left")]
    fn a_ticket_too_few_is_noticed() {
        Inspector::assert_equation(&stock(7, 3, &[]), &rows(), 3);
    }

    #[test]
    #[should_panic(expected = "left")]
    fn a_ticket_too_many_is_noticed() {
        Inspector::assert_equation(&stock(9, 3, &[]), &rows(), 3);
    }

    #[test]
    #[should_panic(expected = "EventStock")]
    fn a_hold_that_stays_is_noticed() {
        Inspector::assert_whole(&stock(8, 3, &[("a", 2)]), &rows(), 3);
    }

    #[test]
    #[should_panic(expected = "left")]
    fn a_return_that_did_not_arrive_is_noticed() {
        Inspector::assert_whole(&stock(5, 0, &[]), &rows(), 3);
    }
}
