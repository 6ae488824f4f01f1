//! The machine of one instance: virtual time, and tasks that die with it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::health::{HealthView, PartHealth};
use domain::runtime::{Clock, Runtime, Spawner, Task, Timer};
use domain::testing::SequentialIds;
use domain::time::Timestamp;
use tokio::sync::Notify;

use crate::tasks::Tasks;
use crate::world::World;

/// One life of an instance, from its start to its crash.
pub(crate) struct Life {
    /// The instance and which of its lives: `a1`, `a2`.
    pub(crate) name: String,
    /// Tells that it has ended.
    pub(crate) ended: Notify,
    tasks: Tasks,
}

impl Life {
    pub(crate) fn new(name: String) -> Self {
        Self {
            name,
            ended: Notify::new(),
            tasks: Tasks::default(),
        }
    }

    /// Ends it, with all that it was doing.
    pub(crate) fn end(&self) {
        self.tasks.close();
        self.ended.notify_one();
    }
}

/// Tasks in this life.
pub(crate) struct LifeSpawner(pub(crate) Arc<Life>);

impl Spawner for LifeSpawner {
    fn spawn(&self, task: Task) {
        self.0.tasks.spawn(task);
    }
}

struct VirtualClock(Arc<World>);

impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

struct VirtualTimer;

#[async_trait]
impl Timer for VirtualTimer {
    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

/// Sees whether a server is up; as often as not it has not noticed yet that it is away.
pub(crate) struct Eyes(pub(crate) Arc<World>);

impl HealthView for Eyes {
    fn parts(&self) -> Vec<PartHealth> {
        let servers = [&self.0.relational, &self.0.documents];
        let part = |server: &crate::world::Server| PartHealth {
            name: server.name,
            up: server.is_up() || self.0.dice.chance(500),
        };
        servers.into_iter().map(part).collect()
    }

    fn is_up(&self, name: &str) -> bool {
        self.parts().iter().all(|part| part.name != name || part.up)
    }
}

/// The machine's ports for one life; ids are unique in the whole world.
pub(crate) fn runtime(world: &Arc<World>, life: &Arc<Life>, ids: &Arc<SequentialIds>) -> Runtime {
    Runtime {
        clock: Arc::new(VirtualClock(Arc::clone(world))),
        timer: Arc::new(VirtualTimer),
        spawner: Arc::new(LifeSpawner(Arc::clone(life))),
        ids: ids.clone(),
    }
}
