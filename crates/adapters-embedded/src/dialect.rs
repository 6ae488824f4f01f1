//! How the relational ports speak to SQLite.

use adapters_mysql::relational::{Dialect, Fault, driver_error, is_silence};
use sea_orm::{DbErr, SqliteTransactionMode, TransactionOptions};

use crate::error::{NAME, PASSING, result_code};
use crate::sql::now;

/// SQLite as a store of users and bookings.
pub(crate) static SQLITE: Dialect = Dialect {
    store: NAME,
    fault,
    begin,
    first_id: |told, rows| told - rows + 1,
    // With full synchronisation a commit is on disk before anybody else can read it.
    needs_barrier: false,
    now_millis: now!(),
};

/// With the write lock taken at once: a transaction that first reads and then writes could otherwise
/// find that somebody else wrote between, and fail.
pub(crate) fn begin() -> TransactionOptions {
    TransactionOptions {
        sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
        ..TransactionOptions::default()
    }
}

/// Result codes: <https://www.sqlite.org/rescode.html>.
fn fault(error: &DbErr) -> Fault {
    if is_silence(error) {
        return Fault::Silent;
    }
    match driver_error(error).and_then(result_code) {
        // CONSTRAINT_PRIMARYKEY, CONSTRAINT_UNIQUE
        Some(1555 | 2067) => Fault::Duplicate,
        // CONSTRAINT_FOREIGNKEY
        Some(787) => Fault::MissingParent,
        Some(code) if PASSING.contains(&(code & 0xff)) => Fault::Refused,
        _ => Fault::Other,
    }
}
