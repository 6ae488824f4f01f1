//! The port contracts on MongoDB.

#![expect(clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod support;

use std::sync::Arc;

use adapters_mongo::{
    MongoAuditLog, MongoCheckpoint, MongoEventRepository, MongoStockRepository, MongoStockSurvey,
};
use domain::testing::contract::Documents;

use self::support::TestDatabase;

async fn fresh() -> Documents {
    let database = TestDatabase::new().await;
    Documents {
        events: Arc::new(MongoEventRepository::new(database.adapter.clone())),
        stock: Arc::new(MongoStockRepository::new(database.adapter.clone())),
        audit: Arc::new(MongoAuditLog::new(database.adapter.clone())),
        trail: Arc::new(MongoAuditLog::new(database.adapter.clone())),
        survey: Arc::new(MongoStockSurvey::new(database.adapter.clone())),
        repair: Arc::new(MongoStockSurvey::new(database.adapter.clone())),
        checkpoint: Arc::new(MongoCheckpoint::new(database.adapter.clone())),
        guard: Box::new(database),
    }
}

domain::document_contract_tests!(fresh);
