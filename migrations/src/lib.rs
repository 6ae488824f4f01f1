//! The schemas of the SQL stores, forward and back, each migration one statement.
//!
//! MySQL commits every DDL statement by itself, so a migration of two statements could stop half-way
//! and be neither applied nor not. A [`Step`] is data, which is why [`mysql_script`] can print the
//! schema without a database.

mod dialect;
mod embedded;
mod relational;
mod script;
mod step;

pub use script::mysql_script;
use sea_orm_migration::{MigrationTrait, MigratorTrait};
pub use step::Step;

use dialect::Dialect;

/// Users, bookings and the outbox on MySQL 8.4 or later and MariaDB 10.11 or later.
#[derive(Debug, Clone, Copy)]
pub struct MySqlMigrator;

impl MySqlMigrator {
    /// The migrations, oldest first.
    pub fn steps() -> Vec<Step> {
        relational::steps(Dialect::MySql)
    }
}

impl MigratorTrait for MySqlMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        boxed(Self::steps())
    }
}

/// The same tables on SQLite, and those of events, stock and audit log.
#[derive(Debug, Clone, Copy)]
pub struct EmbeddedMigrator;

impl EmbeddedMigrator {
    /// The migrations, oldest first.
    pub fn steps() -> Vec<Step> {
        let mut steps = relational::steps(Dialect::Sqlite);
        steps.extend(embedded::steps());
        steps
    }
}

impl MigratorTrait for EmbeddedMigrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        boxed(Self::steps())
    }
}

fn boxed(steps: Vec<Step>) -> Vec<Box<dyn MigrationTrait>> {
    steps
        .into_iter()
        .map(|step| Box::new(step) as Box<dyn MigrationTrait>)
        .collect()
}
