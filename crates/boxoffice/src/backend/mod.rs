//! The stores behind the ports: the embedded default, or MySQL with MongoDB. The only place that
//! names an adapter.

mod embedded;
mod remote;
mod schema;

use std::sync::Arc;

use domain::audit::{AuditLog, AuditTrail};
use domain::booking::{BookingRepository, OutboxRepository};
use domain::checkpoint::{FollowingCheckpoint, LeadingCheckpoint};
use domain::diagnosis::Diagnosis;
use domain::event::EventRepository;
use domain::health::Probe;
use domain::metric::Sample;
use domain::session::SessionRepository;
use domain::stock::StockRepository;
use domain::throttle::LoginAttempts;
use domain::user::UserRepository;
use domain::verify::{BookingSurvey, StockRepair, StockSurvey};
pub(crate) use schema::{Schema, SchemaGate};

use crate::config::{Config, Storage};

/// Every port to a store, and what must be right before they may be used.
pub(crate) struct Backend {
    pub(crate) users: Arc<dyn UserRepository>,
    pub(crate) sessions: Arc<dyn SessionRepository>,
    pub(crate) attempts: Arc<dyn LoginAttempts>,
    pub(crate) bookings: Arc<dyn BookingRepository>,
    pub(crate) outbox: Arc<dyn OutboxRepository>,
    pub(crate) events: Arc<dyn EventRepository>,
    pub(crate) stock: Arc<dyn StockRepository>,
    pub(crate) audit: Arc<dyn AuditLog>,
    pub(crate) trail: Arc<dyn AuditTrail>,
    pub(crate) booking_survey: Arc<dyn BookingSurvey>,
    pub(crate) stock_survey: Arc<dyn StockSurvey>,
    pub(crate) stock_repair: Arc<dyn StockRepair>,
    pub(crate) leading_checkpoint: Arc<dyn LeadingCheckpoint>,
    pub(crate) following_checkpoint: Arc<dyn FollowingCheckpoint>,
    /// One per store.
    pub(crate) probes: Vec<Arc<dyn Probe>>,
    /// One per store, in the same order.
    pub(crate) diagnoses: Vec<Arc<dyn Diagnosis>>,
    /// One per store, in the same order.
    pub(crate) schemas: Vec<Arc<dyn Schema>>,
    /// Looks at the connections.
    pub(crate) samples: Vec<Arc<dyn Sample>>,
    /// The name under which the bookings' store reports its health.
    pub(crate) bookings_store: &'static str,
    /// The name under which the stock's store reports its health.
    pub(crate) stock_store: &'static str,
    /// What it is, for people.
    pub(crate) description: String,
}

/// Connects to the configured stores. Those in other processes may be away: nothing is sent yet.
pub(crate) async fn connect(config: &Config) -> Result<Backend, String> {
    match &config.storage {
        Storage::Embedded { data_dir } => embedded::open(data_dir).await,
        Storage::Remote {
            mysql_url,
            mongodb_url,
            pools,
            ..
        } => remote::connect(mysql_url, mongodb_url, *pools, config.recovery_grace).await,
    }
}
