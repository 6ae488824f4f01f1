//! The ports on a SQL store, whichever it is.

mod barrier;
mod bookings;
mod checkpoint;
mod convert;
mod entity;
mod fault;
mod keys;
mod login_attempts;
mod outbox_repository;
mod outbox_rows;
mod pool_sample;
mod sessions;
mod statement_size;
mod store;
mod survey;
mod transaction;
mod user_changes;
mod user_list;
mod user_repository;

pub use bookings::SqlBookingRepository;
pub use checkpoint::SqlCheckpoint;
pub use fault::{Fault, SqlError, driver_error, is_silence};
pub use login_attempts::SqlLoginAttempts;
pub use outbox_repository::SqlOutboxRepository;
pub use pool_sample::PoolSample;
pub use sessions::SqlSessionRepository;
pub use store::{Dialect, SqlStore};
pub use survey::SqlBookingSurvey;
pub use user_repository::SqlUserRepository;
