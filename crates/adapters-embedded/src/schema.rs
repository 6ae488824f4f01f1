//! The schema of the file.

use domain::error::StoreError;
use migrations::EmbeddedMigrator;
use sea_orm_migration::{Migration, MigrationStatus, MigratorTrait};

use crate::database::Database;
use crate::error::store_error;

/// A migration and whether the file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaStep {
    /// The migration's name.
    pub name: String,
    /// Whether it is applied.
    pub applied: bool,
}

/// Applies what is missing. All of it is one transaction under the write lock, so that of two
/// processes that start at once the second finds it done.
pub(crate) async fn up(database: &Database) -> Result<(), StoreError> {
    let written = database.write(|tx| async {
        EmbeddedMigrator::up(&tx, None).await.map_err(store_error)?;
        Ok((tx, ()))
    });
    Ok(written.await?)
}

/// Takes the latest `steps` back, with what is in their tables.
pub(crate) async fn down(database: &Database, steps: u32) -> Result<(), StoreError> {
    let written = database.write(|tx| async {
        EmbeddedMigrator::down(&tx, Some(steps))
            .await
            .map_err(store_error)?;
        Ok((tx, ()))
    });
    Ok(written.await?)
}

/// All migrations, oldest first.
pub(crate) async fn steps(database: &Database) -> Result<Vec<SchemaStep>, StoreError> {
    let known = EmbeddedMigrator::get_migration_with_status(database.writer()).await;
    Ok(known.map_err(store_error)?.iter().map(step).collect())
}

fn step(migration: &Migration) -> SchemaStep {
    SchemaStep {
        name: migration.name().to_owned(),
        applied: migration.status() == MigrationStatus::Applied,
    }
}
