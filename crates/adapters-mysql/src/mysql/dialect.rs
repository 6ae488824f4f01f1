//! MySQL's and MariaDB's answers.

use sea_orm::{DbErr, TransactionOptions};
use sqlx::mysql::MySqlDatabaseError;

use super::STORE;
use crate::relational::{Dialect, Fault};
use crate::relational::{driver_error, is_silence};

/// How the relational ports speak to MySQL and MariaDB.
pub(super) static MYSQL: Dialect = Dialect {
    store: STORE,
    fault,
    // READ COMMITTED is the session's default, so it costs no statement per transaction.
    begin: TransactionOptions::default,
    // `LAST_INSERT_ID()` is the first one.
    first_id: |told, _| told,
    needs_barrier: true,
    // As of when it is evaluated, and not of when the statement began.
    now_millis: "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)",
};

/// Error numbers: <https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html> and
/// <https://mariadb.com/kb/en/mariadb-error-code-reference/>.
fn fault(error: &DbErr) -> Fault {
    if is_silence(error) {
        return Fault::Silent;
    }
    let refusal = driver_error(error).and_then(sqlx::Error::as_database_error);
    let number = refusal.and_then(|refusal| refusal.try_downcast_ref::<MySqlDatabaseError>());
    match number.map_or(0, MySqlDatabaseError::number) {
        1062 => Fault::Duplicate,
        1216 | 1452 => Fault::MissingParent,
        // Besides deadlocks: MariaDB's "record has changed since last read".
        1213 | 1020 => Fault::Deadlock,
        1205 => Fault::LockTimeout,
        // Shutting down, killed, interrupted, idle for too long: the connection ends, or is about to.
        1053 | 1077 | 1079 | 1152 | 1158..=1161 | 1184 | 1317 | 1927 | 2006 | 2013 | 4031 => {
            Fault::Silent
        }
        // Too many connections, disk or table full, read-only, statement too slow, resources short.
        1021
        | 1037..=1041
        | 1114
        | 1129
        | 1203
        | 1206
        | 1226
        | 1290
        | 1637
        | 1792
        | 1836
        | 1969
        | 3024
        | 3032 => Fault::Refused,
        _ => Fault::Other,
    }
}
