//! The schema, forward and back.

use std::collections::HashSet;
use std::time::Duration;

use domain::error::StoreError;
use migrations::MySqlMigrator;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, SqlxMySqlConnector, Statement};
use sea_orm_migration::MigratorTrait;

use super::STORE;
use super::connection::{MySqlSettings, MySqlUrlError, pool};
use super::dialect::MYSQL;
use crate::relational::{SqlError, SqlStore};

/// How long one instance waits for another one that is migrating, in seconds.
const LOCK_WAIT: u32 = 60;
/// How long a look at the schema may take.
const LOOK_LIMIT: Duration = Duration::from_secs(3);

/// A migration and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaStep {
    /// The migration's name.
    pub name: String,
    /// Whether it is applied.
    pub applied: bool,
}

/// The schema of a MySQL database.
#[derive(Debug, Clone)]
pub struct MySqlSchema {
    /// One connection: the lock that keeps two migrations apart belongs to it.
    store: SqlStore,
}

impl MySqlSchema {
    /// The schema of the database that the settings name. Nothing is sent yet.
    pub fn new(settings: &MySqlSettings) -> Result<Self, MySqlUrlError> {
        let connection = SqlxMySqlConnector::from_sqlx_mysql_pool(pool(settings, 1)?);
        Ok(Self {
            store: SqlStore::new(connection.clone(), connection, &MYSQL),
        })
    }

    /// The migrations, oldest first. Needs no right but to read.
    pub async fn steps(&self) -> Result<Vec<SchemaStep>, StoreError> {
        let applied = match tokio::time::timeout(LOOK_LIMIT, applied(self.on())).await {
            Ok(applied) => applied.map_err(|error| self.store.error(error))?,
            Err(_) => return Err(StoreError::unavailable(STORE, SqlError::silence())),
        };
        let step = |name: &str| SchemaStep {
            name: name.to_owned(),
            applied: applied.contains(name),
        };
        Ok(MySqlMigrator::steps()
            .iter()
            .map(|migration| step(migration.name))
            .collect())
    }

    /// Applies what is missing. Of several instances at once, one works and the others wait.
    pub async fn up(&self) -> Result<(), StoreError> {
        self.locked(async { MySqlMigrator::up(self.on(), None).await })
            .await
    }

    /// Takes the latest `steps` back, with all that their tables hold.
    pub async fn down(&self, steps: u32) -> Result<(), StoreError> {
        self.locked(async { MySqlMigrator::down(self.on(), Some(steps)).await })
            .await
    }

    fn on(&self) -> &DatabaseConnection {
        self.store.writer()
    }

    async fn locked(
        &self,
        work: impl Future<Output = Result<(), DbErr>>,
    ) -> Result<(), StoreError> {
        let failed = |error| self.store.error(error);
        if !lock(self.on()).await.map_err(failed)? {
            return Err(StoreError::unavailable(
                STORE,
                "another instance is migrating",
            ));
        }
        let result = work.await.map_err(failed);
        let unlock = "DO RELEASE_LOCK(CONCAT('boxoffice.', LEFT(SHA2(DATABASE(), 256), 40)))";
        // Closing the connection gives the lock back too.
        let _ = self.on().execute_unprepared(unlock).await;
        result
    }
}

/// Takes the lock of this database; false when somebody else kept it for too long. Its name is one for
/// the whole server, and at most 64 characters.
async fn lock(on: &DatabaseConnection) -> Result<bool, DbErr> {
    let question = format!(
        "SELECT GET_LOCK(CONCAT('boxoffice.', LEFT(SHA2(DATABASE(), 256), 40)), {LOCK_WAIT})"
    );
    let question = Statement::from_string(on.get_database_backend(), question);
    let row = on.query_one_raw(question).await?;
    Ok(row.and_then(|row| row.try_get_by_index::<i64>(0).ok()) == Some(1))
}

/// The names of the applied migrations. Without the table that records them there are none.
async fn applied(on: &DatabaseConnection) -> Result<HashSet<String>, DbErr> {
    let backend = on.get_database_backend();
    let table = "SELECT 1 FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name = 'seaql_migrations'";
    if on
        .query_one_raw(Statement::from_string(backend, table))
        .await?
        .is_none()
    {
        return Ok(HashSet::new());
    }
    let versions = Statement::from_string(backend, "SELECT version FROM seaql_migrations");
    let rows = on.query_all_raw(versions).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}
