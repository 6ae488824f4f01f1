//! [`Diagnosis`] of the file.

use async_trait::async_trait;
use domain::diagnosis::{Diagnosis, Examination, Finding};
use domain::error::StoreError;
use domain::time::Timestamp;
use sea_orm::ConnectionTrait;

use crate::database::Database;
use crate::error::{NAME, store_error};
use crate::sql::{column, now, rows};

/// [`Diagnosis`] of an open file.
#[derive(Debug, Clone)]
pub struct SqliteDiagnosis {
    database: Database,
}

impl SqliteDiagnosis {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Diagnosis for SqliteDiagnosis {
    fn store(&self) -> &'static str {
        NAME
    }

    async fn examine(&self) -> Result<Examination, StoreError> {
        let question = concat!("SELECT sqlite_version() AS version, ", now!(), " AS clock");
        let answer = rows(self.database.reader(), question, []).await?;
        let (mut version, mut clock) = (String::new(), 0);
        for row in &answer {
            (version, clock) = (column(row, "version")?, column(row, "clock")?);
        }
        Ok(Examination {
            findings: vec![
                Finding::ok("version", version),
                integrity(&self.database).await?,
            ],
            clock: Timestamp::from_millis(clock),
        })
    }

    async fn try_writing(&self) -> Result<(), StoreError> {
        // Takes the write lock, for which a file that may not be written is refused, and no row.
        let nothing = "UPDATE users SET name = name WHERE 1 = 0";
        let done = self.database.writer().execute_unprepared(nothing).await;
        done.map(drop).map_err(store_error)
    }
}

/// Reads the whole file: a second for each gigabyte or so.
async fn integrity(database: &Database) -> Result<Finding, StoreError> {
    let told = rows(database.reader(), "PRAGMA quick_check(1)", []).await?;
    let told: Vec<String> = told
        .iter()
        .map(|row| column(row, "quick_check"))
        .collect::<Result<_, _>>()?;
    let seen = told.join("; ");
    Ok(match seen == "ok" {
        true => Finding::ok("integrity", seen),
        false => Finding::wrong("integrity", seen, "stop the server and restore a backup"),
    })
}
