//! Statements with values, and columns of their rows.

use domain::error::StoreError;
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement, TryGetable, Value};

use crate::error::{NAME, store_error};

/// SQLite's own time in milliseconds since 1970, the same throughout a statement. The rounding is
/// there because the seconds are a double, and 0.123 of them times 1000 may be a hair below 123.
macro_rules! now {
    () => {
        "CAST(ROUND(unixepoch('subsec') * 1000) AS INTEGER)"
    };
}
pub(crate) use now;

/// Executes a statement; the number of rows that it changed.
pub(crate) async fn execute(
    on: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, StoreError> {
    let done = on.execute_raw(statement(sql, values)).await;
    done.map(|done| done.rows_affected()).map_err(store_error)
}

/// All rows of a query, or of a statement that returns what it changed.
pub(crate) async fn rows(
    on: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, StoreError> {
    let rows = on.query_all_raw(statement(sql, values)).await;
    rows.map_err(store_error)
}

/// The row of a query that has one at most.
pub(crate) async fn row(
    on: &impl ConnectionTrait,
    sql: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Option<QueryResult>, StoreError> {
    let row = on.query_one_raw(statement(sql, values)).await;
    row.map_err(store_error)
}

/// A column of a row.
pub(crate) fn column<T: TryGetable>(row: &QueryResult, name: &str) -> Result<T, StoreError> {
    row.try_get("", name).map_err(store_error)
}

/// A column that a type of the domain is made of; `None` from `make` means that it can't be.
pub(crate) fn parsed<C: TryGetable, T>(
    row: &QueryResult,
    name: &'static str,
    make: impl FnOnce(C) -> Option<T>,
) -> Result<T, StoreError> {
    make(column(row, name)?).ok_or_else(|| unreadable(name))
}

/// A value that no version of this program writes.
pub(crate) fn unreadable(column: &'static str) -> StoreError {
    StoreError::unexpected(NAME, format!("the column `{column}` cannot be read"))
}

/// A list as one value, which the statement takes apart with `json_each`: its text stays the same for
/// lists of any length, so it is prepared once per connection.
pub(crate) fn list(items: impl IntoIterator<Item = serde_json::Value>) -> Value {
    serde_json::Value::from_iter(items).to_string().into()
}

fn statement(sql: &str, values: impl IntoIterator<Item = Value>) -> Statement {
    Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
}
