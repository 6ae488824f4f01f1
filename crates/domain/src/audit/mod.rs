//! The audit log: who did what, when, from where, and how it ended.

mod buffer;
mod ports;
mod record;
mod service;
mod trail;

pub use buffer::AuditBuffer;
pub use ports::AuditLog;
#[cfg(any(test, feature = "testing"))]
pub use ports::MockAuditLog;
pub use record::{Action, Actor, AuditId, AuditRecord, Details, Level, Outcome, Target};
#[cfg(any(test, feature = "testing"))]
pub use service::MockAuditUseCases;
pub use service::{AuditRetention, AuditService, AuditUseCases};
#[cfg(any(test, feature = "testing"))]
pub use trail::MockAuditTrail;
pub use trail::{AuditEntry, AuditFilter, AuditOrder, AuditTrail};
