//! What SQLite's answers mean to the ports, told by their numbers.

use std::sync::Arc;

use adapters_mysql::relational::{SqlError, driver_error, is_silence};
use domain::error::StoreError;
use sea_orm::{DbErr, RuntimeErr};

/// The store's name as operators know it.
pub(crate) const NAME: &str = "sqlite";

/// Primary result codes after which the same call may succeed later: interrupted or out of memory,
/// the file locked by another process, or the disk broken, full or not writable at the moment.
/// BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, FULL, CANTOPEN, PROTOCOL.
pub(crate) const PASSING: [i32; 9] = [5, 6, 7, 8, 9, 10, 13, 14, 15];

/// The primary result code of a file that is no database.
const NOT_A_DATABASE: i32 = 26;

/// A driver's error as the ports know it.
pub(crate) fn store_error(error: DbErr) -> StoreError {
    let code = driver_error(&error).and_then(primary_code);
    if is_silence(&error) || code.is_some_and(|code| PASSING.contains(&code)) {
        StoreError::unavailable(NAME, SqlError::new(error))
    } else {
        StoreError::unexpected(NAME, SqlError::new(error))
    }
}

/// The same for an error of the driver below sea-orm.
pub(crate) fn low_level_error(error: sqlx::Error) -> StoreError {
    store_error(DbErr::Conn(RuntimeErr::SqlxError(Arc::new(error))))
}

/// Whether SQLite says that the file is no database of its.
pub(crate) fn is_not_a_database(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(NOT_A_DATABASE)
}

/// SQLite's extended result code.
pub(crate) fn result_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// Its low byte.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    result_code(error).map(|code| code & 0xff)
}
