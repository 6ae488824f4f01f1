//! One step of a schema.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::ConnectionTrait;

/// A migration: one statement forward, one back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The name under which it is recorded; names sort in the order of application.
    pub name: &'static str,
    /// The SQL that applies it.
    pub up: String,
    /// The SQL that takes it back.
    pub down: String,
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "as in the trait, or the signatures would differ"
)]
#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared(&self.up)
            .await
            .map(drop)
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .get_connection()
            .execute_unprepared(&self.down)
            .await
            .map(drop)
    }
}
