//! MySQL for users and bookings, MongoDB for events and the audit log.

use std::sync::Arc;
use std::time::Duration;

use adapters_mongo::{
    MongoAuditLog, MongoCheckpoint, MongoDatabase, MongoDiagnosis, MongoEventRepository,
    MongoProbe, MongoSchema, MongoSettings, MongoStockRepository, MongoStockSurvey,
};
use adapters_mysql::relational::{
    SqlBookingRepository, SqlBookingSurvey, SqlCheckpoint, SqlLoginAttempts, SqlOutboxRepository,
    SqlSessionRepository, SqlUserRepository,
};
use adapters_mysql::{MySqlDiagnosis, MySqlProbe, MySqlSchema, MySqlSettings, mysql};
use domain::health::Probe;
use domain::metric::Sample;

use super::Backend;
use super::schema::StoreSchema;
use crate::config::Pools;

/// Prepares the connections. Both servers may be away.
pub(super) async fn connect(
    mysql_url: &str,
    mongodb_url: &str,
    pools: Pools,
    recovery_grace: Duration,
) -> Result<Backend, String> {
    let mut settings = MySqlSettings::new(mysql_url, recovery_grace);
    settings.max_connections = pools.mysql.unwrap_or(settings.max_connections);
    let sql = mysql::connect(&settings).map_err(|error| error.to_string())?;
    let sql_schema = MySqlSchema::new(&settings).map_err(|error| error.to_string())?;
    let sql_probe = MySqlProbe::new(&settings).map_err(|error| error.to_string())?;
    let sql_diagnosis = MySqlDiagnosis::new(&settings).map_err(|error| error.to_string())?;
    let settings = MongoSettings {
        max_connections: pools.mongodb,
        ..MongoSettings::new(mongodb_url)
    };
    let mongo = MongoDatabase::connect(&settings)
        .await
        .map_err(|error| error.to_string())?;

    let samples: Vec<Arc<dyn Sample>> = vec![mysql::sample(&sql), Arc::new(mongo.sample())];
    let mongo_probe = MongoProbe::new(mongo.clone());
    let (bookings_store, stock_store) = (sql_probe.name(), mongo_probe.name());
    Ok(Backend {
        users: Arc::new(SqlUserRepository::new(sql.clone())),
        sessions: Arc::new(SqlSessionRepository::new(sql.clone())),
        attempts: Arc::new(SqlLoginAttempts::new(sql.clone())),
        bookings: Arc::new(SqlBookingRepository::new(sql.clone())),
        outbox: Arc::new(SqlOutboxRepository::new(sql.clone())),
        events: Arc::new(MongoEventRepository::new(mongo.clone())),
        stock: Arc::new(MongoStockRepository::new(mongo.clone())),
        audit: Arc::new(MongoAuditLog::new(mongo.clone())),
        trail: Arc::new(MongoAuditLog::new(mongo.clone())),
        booking_survey: Arc::new(SqlBookingSurvey::new(sql.clone())),
        leading_checkpoint: Arc::new(SqlCheckpoint::new(sql)),
        following_checkpoint: Arc::new(MongoCheckpoint::new(mongo.clone())),
        stock_survey: Arc::new(MongoStockSurvey::new(mongo.clone())),
        stock_repair: Arc::new(MongoStockSurvey::new(mongo.clone())),
        probes: vec![Arc::new(sql_probe), Arc::new(mongo_probe)],
        samples,
        diagnoses: vec![
            Arc::new(sql_diagnosis),
            Arc::new(MongoDiagnosis::new(mongo.clone())),
        ],
        schemas: vec![
            Arc::new(StoreSchema {
                name: bookings_store,
                schema: sql_schema,
            }),
            Arc::new(StoreSchema {
                name: stock_store,
                schema: MongoSchema::new(mongo),
            }),
        ],
        bookings_store,
        stock_store,
        description: "users and bookings in MySQL, events and audit log in MongoDB".to_owned(),
    })
}
