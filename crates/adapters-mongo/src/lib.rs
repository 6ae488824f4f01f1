//! Events with their stock, and the audit log, in MongoDB: the ports [`EventRepository`],
//! [`StockRepository`], [`AuditLog`], [`AuditTrail`] and [`Probe`].
//!
//! Each port has its adapter in a file of the same name, on top of [`MongoDatabase`]. Every write waits
//! for a majority and for the journal, every read is a majority read on the primary, and no call lasts
//! longer than about two seconds. What the documents look like is said in `event_document.rs` and
//! enforced by the validators of [`MongoSchema`].
//!
//! [`EventRepository`]: domain::event::EventRepository
//! [`StockRepository`]: domain::stock::StockRepository
//! [`AuditLog`]: domain::audit::AuditLog
//! [`AuditTrail`]: domain::audit::AuditTrail
//! [`Probe`]: domain::health::Probe

mod audit_log;
mod audit_trail;
mod checkpoint;
mod connection;
mod diagnosis;
mod error;
mod event_change;
mod event_document;
mod event_list;
mod event_repository;
mod json;
mod keys;
mod pool_sample;
mod probe;
mod schema;
mod stock;
mod stock_repository;
mod survey;
mod transaction;
mod update_command;
mod walk;

pub use audit_log::MongoAuditLog;
pub use checkpoint::MongoCheckpoint;
pub use connection::{ConnectError, MongoDatabase, MongoSettings};
pub use diagnosis::MongoDiagnosis;
pub use event_repository::MongoEventRepository;
pub use pool_sample::MongoPoolSample;
pub use probe::MongoProbe;
pub use schema::{MongoSchema, SchemaStep};
pub use stock_repository::MongoStockRepository;
pub use survey::MongoStockSurvey;

/// The store's name in errors and health reports.
const STORE: &str = "mongodb";
