//! [`Diagnosis`] of MySQL and MariaDB.

use std::time::Duration;

use async_trait::async_trait;
use domain::diagnosis::{Diagnosis, Examination, Finding};
use domain::error::StoreError;
use domain::time::Timestamp;
use sea_orm::{ConnectionTrait, Statement};

use super::STORE;
use super::connection::{MySqlSettings, MySqlUrlError, connect};
use crate::relational::{SqlError, SqlStore};

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(3);
/// Connections that others than the pool need: probe, migration, an operator.
const SPARE: u32 = 5;

/// [`Diagnosis`] on a connection of its own.
#[derive(Debug, Clone)]
pub struct MySqlDiagnosis {
    store: SqlStore,
    pool: u32,
}

impl MySqlDiagnosis {
    /// Of the server of `settings`, which may be away.
    pub fn new(settings: &MySqlSettings) -> Result<Self, MySqlUrlError> {
        let one = MySqlSettings {
            max_connections: 1,
            ..settings.clone()
        };
        Ok(Self {
            store: connect(&one)?,
            pool: settings.max_connections,
        })
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, sea_orm::DbErr>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(PATIENCE, work).await {
            Ok(done) => done.map_err(|error| self.store.error(error)),
            Err(_) => Err(StoreError::unavailable(STORE, SqlError::silence())),
        }
    }
}

/// What is asked, every answer as text: MySQL and MariaDB give the same variables other types.
const QUESTION: &str = "SELECT CAST(VERSION() AS CHAR), \
    CAST(@@GLOBAL.innodb_flush_log_at_trx_commit AS CHAR), CAST(@@GLOBAL.log_bin AS CHAR), \
    CAST(@@GLOBAL.sync_binlog AS CHAR), CAST(@@GLOBAL.max_connections AS CHAR), \
    CAST(ROUND(UNIX_TIMESTAMP(NOW(3)) * 1000) AS CHAR)";

/// Of each kind of statement one that touches no row: the server looks at rights before it looks at rows.
const NOTHING: [&str; 15] = [
    "INSERT INTO outbox SELECT * FROM outbox WHERE 1 = 0",
    "UPDATE bookings SET quantity = quantity WHERE 1 = 0",
    "UPDATE users SET name = name WHERE 1 = 0",
    "DELETE FROM outbox WHERE 1 = 0",
    "INSERT INTO idempotency_keys SELECT * FROM idempotency_keys WHERE 1 = 0",
    "DELETE FROM idempotency_keys WHERE 1 = 0",
    "INSERT INTO sessions SELECT * FROM sessions WHERE 1 = 0",
    "UPDATE sessions SET revoked_at = revoked_at WHERE 1 = 0",
    "DELETE FROM sessions WHERE 1 = 0",
    "INSERT INTO refresh_tokens SELECT * FROM refresh_tokens WHERE 1 = 0",
    "UPDATE refresh_tokens SET used_at = used_at WHERE 1 = 0",
    "DELETE FROM refresh_tokens WHERE 1 = 0",
    "INSERT INTO login_attempts SELECT * FROM login_attempts WHERE 1 = 0",
    "UPDATE login_attempts SET failures = failures WHERE 1 = 0",
    "DELETE FROM login_attempts WHERE 1 = 0",
];

#[async_trait]
impl Diagnosis for MySqlDiagnosis {
    fn store(&self) -> &'static str {
        STORE
    }

    async fn examine(&self) -> Result<Examination, StoreError> {
        let on = self.store.reader();
        let question = Statement::from_string(on.get_database_backend(), QUESTION);
        let row = self.within(on.query_one_raw(question)).await?;
        let answer = |index: usize| -> String {
            let text = row.as_ref().map(|row| row.try_get_by_index(index));
            text.and_then(Result::ok).unwrap_or_default()
        };
        let settings = Settings {
            version: answer(0),
            flush: answer(1),
            binlog: matches!(answer(2).as_str(), "1" | "ON"),
            sync_binlog: answer(3),
            max_connections: answer(4).parse().unwrap_or(0),
        };
        Ok(Examination {
            findings: settings.judge(self.pool),
            clock: Timestamp::from_millis(answer(5).parse().unwrap_or(0)),
        })
    }

    async fn try_writing(&self) -> Result<(), StoreError> {
        for statement in NOTHING {
            let on = self.store.writer();
            self.within(on.execute_unprepared(statement)).await?;
        }
        Ok(())
    }
}

struct Settings {
    version: String,
    flush: String,
    binlog: bool,
    sync_binlog: String,
    max_connections: u32,
}

impl Settings {
    fn judge(&self, pool: u32) -> Vec<Finding> {
        vec![
            self.judge_version(),
            self.judge_flush(),
            self.judge_binlog(),
            self.judge_connections(pool),
        ]
    }

    fn judge_version(&self) -> Finding {
        let least = match self.version.contains("MariaDB") {
            true => (10, 11),
            false => (8, 0),
        };
        let mut numbers = self.version.split(['.', '-']).map(str::parse::<u32>);
        let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0);
        let version = (next(), next());
        match version >= least {
            true => Finding::ok("version", &self.version),
            false => Finding::wrong(
                "version",
                &self.version,
                "use MySQL 8.0 or newer, or MariaDB 10.11 or newer",
            ),
        }
    }

    fn judge_flush(&self) -> Finding {
        let seen = format!("innodb_flush_log_at_trx_commit = {}", self.flush);
        match self.flush.as_str() {
            "1" => Finding::ok("durability", seen),
            _ => Finding::wrong(
                "durability",
                seen,
                "set it to 1: otherwise a crash of the server loses bookings that were confirmed",
            ),
        }
    }

    fn judge_binlog(&self) -> Finding {
        if !self.binlog {
            return Finding::ok("binary log", "off");
        }
        let seen = format!("on, sync_binlog = {}", self.sync_binlog);
        match self.sync_binlog.as_str() {
            "1" => Finding::ok("binary log", seen),
            _ => Finding::doubtful(
                "binary log",
                seen,
                "set it to 1: otherwise a crash leaves replicas and restores without bookings that were confirmed",
            ),
        }
    }

    fn judge_connections(&self, pool: u32) -> Finding {
        let most = self.max_connections;
        let seen = format!("max_connections = {most}, of which one instance uses up to {pool}");
        match most >= pool + SPARE {
            true => Finding::ok("connections", seen),
            false => {
                let least = pool + SPARE;
                let mend = format!("set it to {least} or more for each instance");
                Finding::wrong("connections", seen, mend)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use domain::diagnosis::Verdict;

    use super::*;

    fn verdicts(change: impl FnOnce(&mut Settings)) -> Vec<&'static str> {
        let mut settings = Settings {
            version: "8.4.3".to_owned(),
            flush: "1".to_owned(),
            binlog: true,
            sync_binlog: "1".to_owned(),
            max_connections: 151,
        };
        change(&mut settings);
        let findings = settings.judge(16);
        let bad = findings
            .into_iter()
            .filter(|finding| finding.verdict != Verdict::Ok);
        bad.map(|finding| finding.subject).collect()
    }

    #[test]
    fn each_setting_is_judged_by_itself() {
        assert!(verdicts(|_| {}).is_empty());
        assert_eq!(verdicts(|s| s.flush = "2".to_owned()), ["durability"]);
        assert_eq!(verdicts(|s| s.sync_binlog = "0".to_owned()), ["binary log"]);
        assert_eq!(verdicts(|s| s.max_connections = 20), ["connections"]);
        let off = |s: &mut Settings| (s.binlog, s.sync_binlog) = (false, "0".to_owned());
        assert!(verdicts(off).is_empty());
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        for good in [
            "8.0.36",
            "9.1.0",
            "10.11.6-MariaDB-0+deb12u1",
            "11.8.2-MariaDB",
        ] {
            assert!(
                verdicts(|s| s.version = good.to_owned()).is_empty(),
                "{good}"
            );
        }
        for bad in ["5.7.44-log", "10.6.20-MariaDB", ""] {
            assert_eq!(
                verdicts(|s| s.version = bad.to_owned()),
                ["version"],
                "{bad}"
            );
        }
    }
}
