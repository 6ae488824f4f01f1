//! What a statement's failure means, told by codes and never by text.

use std::fmt;

use sea_orm::{DbErr, RuntimeErr};
use sqlx::mysql::MySqlDatabaseError;

/// What to make of a failed statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A unique key is taken. Only the statement was undone.
    Duplicate,
    /// A foreign key names a row that is not there. Only the statement was undone.
    MissingParent,
    /// The store ended the transaction in favour of another one: all of it may be tried anew.
    Deadlock,
    /// A row stayed locked for too long. Only the statement was undone, so nothing must be committed
    /// after it.
    LockTimeout,
    /// The store refuses for the moment, with an answer.
    Refused,
    /// There is no answer: connection lost or never made, or too slow.
    Silent,
    /// Anything else: a bug of ours, or a broken store.
    Other,
}

impl Fault {
    /// Whether the same call may succeed later.
    pub(crate) fn is_passing(self) -> bool {
        !matches!(self, Self::Other)
    }

    /// Whether the store answered the statement, so that its transaction is still ours to end.
    pub(crate) fn is_answered(self) -> bool {
        self != Self::Silent
    }
}

/// A failed statement as it may be logged.
///
/// `Display` names codes only: what a server says along repeats stored values, such as the e-mail
/// address that is taken.
pub struct SqlError {
    error: Option<DbErr>,
}

impl SqlError {
    /// A driver's error.
    pub fn new(error: DbErr) -> Self {
        Self { error: Some(error) }
    }

    /// No answer within the time that a call has.
    pub fn silence() -> Self {
        Self { error: None }
    }
}

impl std::error::Error for SqlError {}

impl fmt::Debug for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqlError({self})")
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(error) = &self.error else {
            return f.write_str("no answer in time");
        };
        match driver_error(error) {
            Some(driver) => describe(driver, f),
            None => match error {
                DbErr::ConnectionAcquire(cause) => write!(f, "no connection: {cause}"),
                DbErr::Type(_) | DbErr::Json(_) => f.write_str("a stored value has not its type"),
                // sea-orm's own complaints hold names of ours and no values.
                other => other.fmt(f),
            },
        }
    }
}

fn describe(error: &sqlx::Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error {
        sqlx::Error::Database(refusal) => match refusal.try_downcast_ref::<MySqlDatabaseError>() {
            Some(refusal) => {
                let number = refusal.number();
                write!(f, "refused with error {number}{}", hint(number))
            }
            None => write!(
                f,
                "refused with error {}",
                refusal.code().unwrap_or_default()
            ),
        },
        sqlx::Error::ColumnDecode { index, .. } => write!(f, "column {index} has not its type"),
        sqlx::Error::Decode(_) => f.write_str("a stored value has not its type"),
        sqlx::Error::Encode(_) => f.write_str("a value cannot be stored"),
        other => write!(f, "{other}"),
    }
}

/// What an operator can do about the errors that a wrong configuration brings.
fn hint(number: u16) -> &'static str {
    match number {
        1044 | 1045 | 1698 => ": access denied, check user, password and rights",
        1049 => ": there is no such database, create it",
        1142 | 1227 => ": the user lacks rights",
        _ => "",
    }
}

/// The driver's error below sea-orm's, if that is what it is.
pub fn driver_error(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => Some(error),
        _ => None,
    }
}

/// Whether an error came from no server at all: its meaning is the same for every driver.
pub fn is_silence(error: &DbErr) -> bool {
    match driver_error(error) {
        Some(driver) => matches!(
            driver,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
                // The answer to another question.
                | sqlx::Error::BeginFailed
        ),
        None => matches!(error, DbErr::ConnectionAcquire(_)),
    }
}
