//! The pool, and what every session of it is set to.

use std::num::NonZeroUsize;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use domain::metric::Sample;
use sea_orm::SqlxMySqlConnector;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions};
use sqlx::{ConnectOptions, Executor, Row};
use tokio::time::timeout;

use super::STORE;
use super::dialect::MYSQL;
use crate::relational::{PoolSample, SqlStore};

/// How long a call waits for a free connection.
const ACQUIRE_LIMIT: Duration = Duration::from_millis(1_500);
/// A connection that lay idle for longer is asked for a sign of life before it is used. Asking before
/// every use would cost each transaction a round trip.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);
/// How long a sign of life may take, and what a dropped transaction has to be rolled back in.
const SIGN_OF_LIFE: Duration = Duration::from_millis(800);
/// Prepared statements that a connection keeps: more than there are texts of them, since closing one
/// is expensive (see `statement_size.rs`), and few enough for the server's bound on all connections
/// together, 16,382 by default.
const STATEMENTS: usize = 300;
/// How long a statement waits for another session's lock, in seconds. Short enough that within one call
/// the others of a group can go a second time, each by itself.
const LOCK_WAIT: u64 = 1;

/// Where MySQL is and how much of it to use.
#[derive(Clone)]
pub struct MySqlSettings {
    /// `mysql://user:password@host:port/database`.
    pub url: String,
    /// The most connections at once.
    pub max_connections: u32,
    /// After how long recovery fences a hold. The server ends the transaction of a silent client before
    /// that, so that no fence waits for one that nobody will end.
    pub recovery_grace: Duration,
}

impl MySqlSettings {
    /// Few, since one connection stores a whole transaction in about a millisecond, and more at once
    /// only wait for the same disk. Four for each core, 16 to 64.
    pub fn default_connections() -> u32 {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        u32::try_from(cores.saturating_mul(4)).map_or(64, |connections| connections.clamp(16, 64))
    }

    /// The defaults, on `url`.
    pub fn new(url: impl Into<String>, recovery_grace: Duration) -> Self {
        Self {
            url: url.into(),
            max_connections: Self::default_connections(),
            recovery_grace,
        }
    }
}

/// Why there is no pool. Nothing of the URL is repeated: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MySqlUrlError {
    /// The driver does not understand the URL.
    #[error(
        "MYSQL_URL is not understood: write it like {EXAMPLE}, and percent-encode user and password"
    )]
    Url,
    /// The URL names no database.
    #[error("MYSQL_URL names no database: write it like {EXAMPLE}")]
    NoDatabase,
}

const EXAMPLE: &str = "mysql://user:password@host:3306/boxoffice";

/// Prepares a pool. Nothing is sent yet, so the server may be away.
pub fn connect(settings: &MySqlSettings) -> Result<SqlStore, MySqlUrlError> {
    let pool = pool(settings, settings.max_connections.max(1))?;
    let connection = SqlxMySqlConnector::from_sqlx_mysql_pool(pool);
    Ok(SqlStore::new(connection.clone(), connection, &MYSQL))
}

/// A look at the pool of a store that [`connect`] made.
pub fn sample(store: &SqlStore) -> Arc<dyn Sample> {
    let pool = store.writer().get_mysql_connection_pool();
    Arc::new(PoolSample::new(STORE, pool))
}

/// A lazy pool of at most `connections`.
pub(super) fn pool(settings: &MySqlSettings, connections: u32) -> Result<MySqlPool, MySqlUrlError> {
    let options = MySqlConnectOptions::from_str(&settings.url).map_err(|_| MySqlUrlError::Url)?;
    if options.get_database().is_none_or(str::is_empty) {
        return Err(MySqlUrlError::NoDatabase);
    }
    // Statements carry personal data.
    let options = options
        .disable_statement_logging()
        .statement_cache_capacity(STATEMENTS);
    let idle_limit = idle_limit(settings.recovery_grace);
    Ok(MySqlPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_LIMIT)
        .idle_timeout(Duration::from_secs(idle_limit / 2))
        .max_lifetime(Duration::from_secs(30 * 60))
        .test_before_acquire(false)
        .after_connect(move |connection, _| Box::pin(set_session(connection, idle_limit)))
        .before_acquire(|connection, meta| {
            let idle = meta.idle_for;
            Box::pin(async move {
                if idle > TRUSTED_IDLE {
                    reset(connection).await?;
                }
                Ok(true)
            })
        })
        .after_release(|connection, _| {
            Box::pin(async move { reset(connection).await.map(|()| true) })
        })
        .connect_lazy_with(options))
}

/// After how many seconds without a statement the server closes a connection: well below the grace.
fn idle_limit(recovery_grace: Duration) -> u64 {
    (recovery_grace.as_secs() * 2 / 3).clamp(2, 600)
}

async fn set_session(connection: &mut MySqlConnection, idle_limit: u64) -> Result<(), sqlx::Error> {
    let settings = format!(
        "SET SESSION innodb_lock_wait_timeout = {LOCK_WAIT}, wait_timeout = {idle_limit}, \
         time_zone = '+00:00', autocommit = 1, \
         sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'"
    );
    connection.execute(sqlx::AssertSqlSafe(settings)).await?;
    // Every statement sees what is committed, and no gaps between rows are locked.
    connection
        .execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
        .await
        .map(drop)
}

/// Makes sure that nothing of an earlier call is left on a connection; an error has the pool close it
/// without a farewell.
///
/// A call that was given up may have left an open transaction (the driver knows of none whose `BEGIN`
/// was not yet answered), in which the next single statement would be acknowledged and never committed.
/// And it may have left answers behind: with one too many on the way, each further call would be told
/// what the one before it asked. So the transaction is ended, and the answer must be to this very
/// question.
async fn reset(connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let token = i64::from(TURN.fetch_add(1, Ordering::Relaxed));
    let question = sqlx::AssertSqlSafe(format!("ROLLBACK; SELECT {token}"));
    let answer = timeout(SIGN_OF_LIFE, connection.fetch_all(question)).await;
    let rows =
        answer.map_err(|_| sqlx::Error::Protocol("no sign of life in time".to_owned()))??;
    match rows.as_slice() {
        [row] if row.try_get::<i64, _>(0)? == token => Ok(()),
        _ => Err(sqlx::Error::Protocol("an answer is out of turn".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(url: &str) -> Option<MySqlUrlError> {
        connect(&MySqlSettings::new(url, Duration::from_secs(15))).err()
    }

    #[tokio::test]
    async fn a_url_must_be_whole() {
        assert_eq!(error_of("mysql://root@127.0.0.1:1/boxoffice"), None);
        assert_eq!(
            error_of("mysql://root@127.0.0.1:1"),
            Some(MySqlUrlError::NoDatabase)
        );
        assert_eq!(
            error_of("mysql://root@127.0.0.1:1/"),
            Some(MySqlUrlError::NoDatabase)
        );
        assert_eq!(error_of("nonsense"), Some(MySqlUrlError::Url));
    }

    #[test]
    fn the_server_gives_up_on_a_silent_session_before_the_grace_is_over() {
        for grace in [5, 15, 60, 3_600] {
            assert!(idle_limit(Duration::from_secs(grace)) < grace);
        }
    }
}
