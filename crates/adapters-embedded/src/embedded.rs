//! Opening the file, and the ports on it.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use adapters_mysql::relational::{
    PoolSample, SqlBookingRepository, SqlBookingSurvey, SqlCheckpoint, SqlLoginAttempts,
    SqlOutboxRepository, SqlSessionRepository, SqlStore, SqlUserRepository,
};
use domain::audit::{AuditLog, AuditTrail};
use domain::booking::{BookingRepository, OutboxRepository};
use domain::checkpoint::{FollowingCheckpoint, LeadingCheckpoint};
use domain::diagnosis::Diagnosis;
use domain::error::StoreError;
use domain::event::EventRepository;
use domain::health::Probe;
use domain::metric::Sample;
use domain::session::SessionRepository;
use domain::stock::StockRepository;
use domain::throttle::LoginAttempts;
use domain::user::UserRepository;
use domain::verify::{BookingSurvey, StockRepair, StockSurvey};
use sea_orm::DatabaseConnection;

use crate::database::Database;
use crate::dialect::SQLITE;
use crate::error::{is_not_a_database, low_level_error};
use crate::schema::{self, SchemaStep};
use crate::{
    SqliteAuditLog, SqliteCheckpoint, SqliteDiagnosis, SqliteEventRepository, SqliteProbe,
    SqliteStockRepository, SqliteStockSurvey, folder,
};

/// Tries to open while other processes are opening, and the time between two.
const TRIES: u32 = 50;
const AGAIN: Duration = Duration::from_millis(100);

/// Why the embedded store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder can't be made, or no file in it.
    #[error("DATA_DIR {} cannot be used: choose a folder that this user may write to", .path.display())]
    Folder {
        /// The folder or the file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is something else.
    #[error("{} is not a SQLite database: move it away, or choose another DATA_DIR", .path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// The file can't be opened, or its schema not brought up.
    #[error("{} cannot be opened", .path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: StoreError,
    },
}

/// Every store on one SQLite file.
#[derive(Debug, Clone)]
pub struct Embedded {
    database: Database,
    path: PathBuf,
}

impl Embedded {
    /// The file's name in the data folder.
    pub const FILE: &'static str = "boxoffice.sqlite3";

    /// Opens the file in `data_dir`, makes both if they are missing, and brings the schema up.
    pub async fn open(data_dir: &Path) -> Result<Self, OpenError> {
        let path = folder::prepare(data_dir, Self::FILE)?;
        let database = connect(&path).await?;
        let embedded = Self { database, path };
        match embedded.up().await {
            Ok(()) => Ok(embedded),
            Err(source) => Err(OpenError::Store {
                path: embedded.path,
                source,
            }),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The users.
    pub fn users(&self) -> Arc<dyn UserRepository> {
        Arc::new(SqlUserRepository::new(self.relational()))
    }

    /// Their sessions.
    pub fn sessions(&self) -> Arc<dyn SessionRepository> {
        Arc::new(SqlSessionRepository::new(self.relational()))
    }

    /// Attempts to sign in.
    pub fn attempts(&self) -> Arc<dyn LoginAttempts> {
        Arc::new(SqlLoginAttempts::new(self.relational()))
    }

    /// Their bookings.
    pub fn bookings(&self) -> Arc<dyn BookingRepository> {
        Arc::new(SqlBookingRepository::new(self.relational()))
    }

    /// What bookings leave to be done.
    pub fn outbox(&self) -> Arc<dyn OutboxRepository> {
        Arc::new(SqlOutboxRepository::new(self.relational()))
    }

    /// The events.
    pub fn events(&self) -> Arc<dyn EventRepository> {
        Arc::new(SqliteEventRepository::new(self.database.clone()))
    }

    /// Their stock.
    pub fn stock(&self) -> Arc<dyn StockRepository> {
        Arc::new(SqliteStockRepository::new(self.database.clone()))
    }

    /// The audit log.
    pub fn audit(&self) -> Arc<dyn AuditLog> {
        Arc::new(SqliteAuditLog::new(self.database.clone()))
    }

    /// The audit log as it is read.
    pub fn trail(&self) -> Arc<dyn AuditTrail> {
        Arc::new(SqliteAuditLog::new(self.database.clone()))
    }

    /// A look at all bookings.
    pub fn booking_survey(&self) -> Arc<dyn BookingSurvey> {
        Arc::new(SqlBookingSurvey::new(self.relational()))
    }

    /// A look at the stock of all events.
    pub fn stock_survey(&self) -> Arc<dyn StockSurvey> {
        Arc::new(SqliteStockSurvey::new(self.database.clone()))
    }

    /// The correction of their stock.
    pub fn stock_repair(&self) -> Arc<dyn StockRepair> {
        Arc::new(SqliteStockSurvey::new(self.database.clone()))
    }

    /// The checkpoint beside the bookings.
    pub fn leading_checkpoint(&self) -> Arc<dyn LeadingCheckpoint> {
        Arc::new(SqlCheckpoint::new(self.relational()))
    }

    /// The checkpoint beside the events.
    pub fn following_checkpoint(&self) -> Arc<dyn FollowingCheckpoint> {
        Arc::new(SqliteCheckpoint::new(self.database.clone()))
    }

    /// A sign of life of the file.
    pub fn probe(&self) -> Arc<dyn Probe> {
        Arc::new(SqliteProbe::new(self.database.clone()))
    }

    /// Looks at the connections that read and the one that writes.
    pub fn samples(&self) -> Vec<Arc<dyn Sample>> {
        let pools = [
            ("sqlite_readers", self.database.reader()),
            ("sqlite_writer", self.database.writer()),
        ];
        let sample = |(name, connection): (_, &DatabaseConnection)| {
            let pool = connection.get_sqlite_connection_pool();
            Arc::new(PoolSample::new(name, pool)) as Arc<dyn Sample>
        };
        pools.into_iter().map(sample).collect()
    }

    /// How the file is.
    pub fn diagnosis(&self) -> Arc<dyn Diagnosis> {
        Arc::new(SqliteDiagnosis::new(self.database.clone()))
    }

    /// The migrations, oldest first, and whether the file has them.
    pub async fn steps(&self) -> Result<Vec<SchemaStep>, StoreError> {
        schema::steps(&self.database).await
    }

    /// Applies the migrations that are missing; safe from several processes at once.
    pub async fn up(&self) -> Result<(), StoreError> {
        schema::up(&self.database).await
    }

    /// Takes the latest `steps` migrations back, with all that their tables hold.
    pub async fn down(&self, steps: u32) -> Result<(), StoreError> {
        schema::down(&self.database, steps).await
    }

    /// Closes the file; calls after that fail. Without it nothing is lost either: the next opening
    /// reads the log.
    pub async fn close(&self) -> Result<(), StoreError> {
        self.database.close().await
    }

    fn relational(&self) -> SqlStore {
        let database = &self.database;
        SqlStore::new(
            database.reader().clone(),
            database.writer().clone(),
            &SQLITE,
        )
    }
}

/// Turning on the write-ahead log needs the file alone for a moment, and SQLite does not wait for
/// that: of several processes that open a new file at once, some have to try again.
async fn connect(path: &Path) -> Result<Database, OpenError> {
    let mut tries = TRIES;
    loop {
        let error = match Database::open(path).await {
            Ok(database) => return Ok(database),
            Err(error) if is_not_a_database(&error) => {
                return Err(OpenError::NotADatabase {
                    path: path.to_owned(),
                });
            }
            Err(error) => low_level_error(error),
        };
        tries -= 1;
        if tries == 0 || !error.is_unavailable() {
            return Err(OpenError::Store {
                path: path.to_owned(),
                source: error,
            });
        }
        tokio::time::sleep(AGAIN).await;
    }
}
