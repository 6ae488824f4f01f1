//! The port contracts on a MySQL or MariaDB server.

mod server;

use domain::testing::contract::Relational;

async fn relational() -> Relational {
    let database = server::Database::migrated().await;
    let store = database.store();
    Relational {
        users: std::sync::Arc::new(adapters_mysql::relational::SqlUserRepository::new(
            store.clone(),
        )),
        sessions: std::sync::Arc::new(adapters_mysql::relational::SqlSessionRepository::new(
            store.clone(),
        )),
        attempts: std::sync::Arc::new(adapters_mysql::relational::SqlLoginAttempts::new(
            store.clone(),
        )),
        bookings: std::sync::Arc::new(adapters_mysql::relational::SqlBookingRepository::new(
            store.clone(),
        )),
        outbox: std::sync::Arc::new(adapters_mysql::relational::SqlOutboxRepository::new(
            store.clone(),
        )),
        survey: std::sync::Arc::new(adapters_mysql::relational::SqlBookingSurvey::new(
            store.clone(),
        )),
        checkpoint: std::sync::Arc::new(adapters_mysql::relational::SqlCheckpoint::new(store)),
        guard: Box::new(database),
    }
}

domain::relational_contract_tests!(relational);
