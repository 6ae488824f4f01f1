//! A sign of life.

use std::time::Duration;

use async_trait::async_trait;
use domain::error::StoreError;
use domain::health::Probe;
use sea_orm::{ConnectionTrait, Statement};

use super::STORE;
use super::connection::{MySqlSettings, MySqlUrlError, connect};
use crate::relational::{SqlError, SqlStore};

const PATIENCE: Duration = Duration::from_secs(1);

/// [`Probe`] that asks the server whether it can be written to, on a connection of its own: a rush that
/// has all the others in use is no outage.
#[derive(Debug, Clone)]
pub struct MySqlProbe {
    store: SqlStore,
}

impl MySqlProbe {
    /// Of the server of `settings`, which may be away.
    pub fn new(settings: &MySqlSettings) -> Result<Self, MySqlUrlError> {
        let settings = MySqlSettings {
            max_connections: 1,
            ..settings.clone()
        };
        connect(&settings).map(|store| Self { store })
    }
}

#[async_trait]
impl Probe for MySqlProbe {
    fn name(&self) -> &'static str {
        STORE
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let reader = self.store.reader();
        // A replica answers every read and takes no booking.
        let question = "SELECT CAST(@@GLOBAL.read_only AS CHAR)";
        let question = Statement::from_string(reader.get_database_backend(), question);
        let answer = match tokio::time::timeout(PATIENCE, reader.query_one_raw(question)).await {
            Ok(answer) => answer.map_err(|error| self.store.error(error))?,
            Err(_) => return Err(StoreError::unavailable(STORE, SqlError::silence())),
        };
        let read_only: Option<String> = answer.and_then(|row| row.try_get_by_index(0).ok());
        match read_only.as_deref() {
            Some("0" | "OFF") => Ok(()),
            _ => Err(StoreError::unavailable(STORE, "the server is read-only")),
        }
    }
}
