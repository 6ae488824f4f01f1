//! What can go wrong with a call, told apart by codes and never by text.

use std::fmt;

use domain::error::StoreError;
use mongodb::error::{Error, ErrorKind, SYSTEM_OVERLOADED_ERROR, WriteFailure};

use crate::STORE;

/// Codes of a server that is away in some way, or busy: the same call may succeed later. Network
/// trouble between servers, elections, shutdowns, time limits, lock limits, missing majorities.
const PASSING: [i32; 28] = [
    6, 7, 24, 43, 46, 50, 64, 89, 91, 94, 100, 112, 134, 189, 202, 211, 246, 262, 290, 10058,
    10107, 11600, 11601, 11602, 13435, 13436, 13475, 9001,
];

/// Codes that a server answers before it looks into a command: it is not the primary
/// (`NotWritablePrimary`, `NotPrimaryNoSecondaryOk`) or still recovering (`NotPrimaryOrSecondary`).
///
/// The other codes of an election or a shutdown (11602, 11600, 91, 189) are no proof: they also
/// interrupt a command that has executed some of its statements, and even one whose only document was
/// just written.
const REFUSED_AT_THE_DOOR: [i32; 3] = [10107, 13435, 13436];

/// The code of a unique key that is taken.
pub(crate) const DUPLICATE_KEY: i32 = 11000;

/// Why a call has no result.
///
/// `Display` names kinds and codes only: what the server sends along may hold stored values, among
/// them clients' addresses, and has no place in a log.
pub(crate) enum MongoError {
    /// The driver says so.
    Driver(Error),
    /// It was written, but a majority did not confirm it.
    NotConfirmed { code: i32 },
    /// The server refused one statement of a command.
    Statement { code: i32 },
    /// No answer came in time.
    TimedOut,
    /// The server's answer, or a stored document, is not what it should be.
    Malformed(&'static str),
}

impl MongoError {
    /// Whether the same call may succeed later.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::NotConfirmed { .. } | Self::TimedOut => true,
            Self::Statement { code } => PASSING.contains(code),
            Self::Malformed(_) => false,
            Self::Driver(error) => match error.kind.as_ref() {
                ErrorKind::Io(_)
                | ErrorKind::ConnectionPoolCleared { .. }
                | ErrorKind::ServerSelection { .. }
                | ErrorKind::DnsResolve { .. }
                | ErrorKind::Shutdown => true,
                ErrorKind::Write(WriteFailure::WriteConcernError(_)) => true,
                ErrorKind::InsertMany(failure) => failure.write_concern_error.is_some(),
                _ => code(error).is_some_and(|code| PASSING.contains(&code)),
            },
        }
    }

    /// Whether the command is known not to have been executed, now or later.
    ///
    /// True for what ends before anything is sent: no server to send to, no connection (the driver
    /// labels I/O errors as overload only while a connection is being made), no sign-in; and for the
    /// answers of [`REFUSED_AT_THE_DOOR`]. Any other I/O error may be a connection that broke after the
    /// command had left. So may a pool that was cleared: the same kind of error ends the calls that wait
    /// for a connection and, when a server falls silent, those that wait for its answer.
    pub(crate) fn proves_not_executed(&self) -> bool {
        let Self::Driver(error) = self else {
            return false;
        };
        match error.kind.as_ref() {
            ErrorKind::ServerSelection { .. }
            | ErrorKind::DnsResolve { .. }
            | ErrorKind::Authentication { .. } => true,
            ErrorKind::Io(_) => error.contains_label(SYSTEM_OVERLOADED_ERROR),
            ErrorKind::Command(refusal) => REFUSED_AT_THE_DOOR.contains(&refusal.code),
            _ => false,
        }
    }

    /// The code that the server gave, if it gave one.
    pub(crate) fn code(&self) -> Option<i32> {
        match self {
            Self::Driver(error) => code(error),
            Self::NotConfirmed { code } | Self::Statement { code } => Some(*code),
            Self::TimedOut | Self::Malformed(_) => None,
        }
    }
}

fn code(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(failure) => Some(failure.code),
        ErrorKind::Write(WriteFailure::WriteError(failure)) => Some(failure.code),
        ErrorKind::Write(WriteFailure::WriteConcernError(failure)) => Some(failure.code),
        _ => None,
    }
}

impl From<Error> for MongoError {
    fn from(error: Error) -> Self {
        Self::Driver(error)
    }
}

impl From<MongoError> for StoreError {
    fn from(error: MongoError) -> Self {
        if error.is_passing() {
            Self::unavailable(STORE, error)
        } else {
            Self::unexpected(STORE, error)
        }
    }
}

impl std::error::Error for MongoError {}

impl fmt::Display for MongoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Driver(error) => describe(error, f),
            Self::NotConfirmed { code } => write!(f, "a majority did not confirm it (code {code})"),
            Self::Statement { code } => write!(f, "a statement was refused with code {code}"),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Malformed(what) => f.write_str(what),
        }
    }
}

impl fmt::Debug for MongoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MongoError({self})")
    }
}

fn describe(error: &Error, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match error.kind.as_ref() {
        ErrorKind::Command(failure) => {
            write!(
                f,
                "command failed: {} (code {})",
                failure.code_name, failure.code
            )
        }
        ErrorKind::Write(_) => write!(f, "write failed with code {}", code(error).unwrap_or(0)),
        ErrorKind::InsertMany(failure) => {
            let mut codes: Vec<i32> = failure
                .write_errors
                .iter()
                .flatten()
                .map(|error| error.code)
                .collect();
            codes.extend(failure.write_concern_error.iter().map(|error| error.code));
            codes.sort_unstable();
            codes.dedup();
            write!(f, "inserting failed with codes {codes:?}")
        }
        ErrorKind::BulkWrite(_) => f.write_str("a bulk write failed"),
        kind => fmt::Display::fmt(kind, f),
    }
}
