//! Whether a store's schema is the one that this program was built for.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use adapters_embedded::Embedded;
use adapters_mongo::MongoSchema;
use adapters_mysql::MySqlSchema;
use async_trait::async_trait;
use domain::error::{StoreError, chain};
use domain::health::Probe;

/// The time between two tries while a store is away.
const AGAIN: Duration = Duration::from_millis(500);

/// A step of a schema and whether it is applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SchemaStep {
    pub(crate) name: String,
    pub(crate) applied: bool,
}

/// A store's schema.
#[async_trait]
pub(crate) trait Schema: Send + Sync {
    /// The store's name.
    fn store(&self) -> &'static str;
    /// The steps, oldest first.
    async fn steps(&self) -> Result<Vec<SchemaStep>, StoreError>;
    /// Applies what is missing; safe to do from several processes at once.
    async fn up(&self) -> Result<(), StoreError>;
    /// Takes the latest `steps` back.
    async fn down(&self, steps: u32) -> Result<(), StoreError>;
}

/// A schema of an adapter, under the name of its store.
pub(super) struct StoreSchema<T> {
    pub(super) name: &'static str,
    pub(super) schema: T,
}

/// The adapters know nothing of each other, so their schemas have the same methods and no trait.
macro_rules! store_schemas {
    ($($schema:ty),*) => {$(
        #[async_trait]
        impl Schema for StoreSchema<$schema> {
            fn store(&self) -> &'static str {
                self.name
            }

            async fn steps(&self) -> Result<Vec<SchemaStep>, StoreError> {
                let steps = self.schema.steps().await?.into_iter();
                Ok(steps
                    .map(|step| SchemaStep { name: step.name, applied: step.applied })
                    .collect())
            }

            async fn up(&self) -> Result<(), StoreError> {
                self.schema.up().await
            }

            async fn down(&self, steps: u32) -> Result<(), StoreError> {
                self.schema.down(steps).await
            }
        }
    )*};
}
store_schemas!(Embedded, MySqlSchema, MongoSchema);

/// Why a start is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SchemaError {
    /// The store's schema is older than the program.
    Old { store: &'static str, missing: usize },
    /// The store refuses, and will go on doing so.
    Refused { store: &'static str, why: String },
}

impl std::error::Error for SchemaError {}

impl std::fmt::Display for SchemaError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Old { store, missing } => write!(
                f,
                "the schema in {store} lacks {missing} steps: run `boxoffice migrate up`, or start with --migrate"
            ),
            Self::Refused { store, why } => {
                write!(f, "the schema in {store} cannot be used: {why}")
            }
        }
    }
}

/// Lets a store count as up only once its schema was seen to be right.
pub(crate) struct SchemaGate {
    schema: Arc<dyn Schema>,
    probe: Arc<dyn Probe>,
    open: AtomicBool,
}

impl SchemaGate {
    pub(crate) fn new(schema: Arc<dyn Schema>, probe: Arc<dyn Probe>) -> Self {
        Self {
            schema,
            probe,
            open: AtomicBool::new(false),
        }
    }

    /// Brings the schema up (with `migrate`) or checks it, as soon as the store is there.
    pub(crate) async fn pass(&self, migrate: bool) -> Result<(), SchemaError> {
        let store = self.schema.store();
        loop {
            match self.try_pass(migrate).await {
                Ok(0) => {
                    self.open.store(true, Ordering::Relaxed);
                    return Ok(());
                }
                Ok(missing) => return Err(SchemaError::Old { store, missing }),
                Err(error) if error.is_unavailable() => tokio::time::sleep(AGAIN).await,
                Err(error) => {
                    return Err(SchemaError::Refused {
                        store,
                        why: chain(&error),
                    });
                }
            }
        }
    }

    /// Returns how many steps are missing.
    async fn try_pass(&self, migrate: bool) -> Result<usize, StoreError> {
        if migrate {
            self.schema.up().await?;
        }
        let steps = self.schema.steps().await?;
        Ok(steps.iter().filter(|step| !step.applied).count())
    }
}

#[async_trait]
impl Probe for SchemaGate {
    fn name(&self) -> &'static str {
        self.probe.name()
    }

    async fn ping(&self) -> Result<(), StoreError> {
        if !self.open.load(Ordering::Relaxed) {
            return Err(StoreError::unavailable(
                self.name(),
                "its schema is not checked yet",
            ));
        }
        self.probe.ping().await
    }
}
