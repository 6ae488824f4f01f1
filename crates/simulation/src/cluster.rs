//! Two instances of the application, each of which is started again when it has died.

use std::sync::{Arc, Mutex, PoisonError};

use domain::grouping::GroupLimits;
use domain::testing::SequentialIds;
use tokio::time::sleep;

use crate::instance::Instance;
use crate::machine::Life;
use crate::world::World;

/// The instances; one that is dead at this moment is `None`.
pub(crate) struct Cluster {
    pub(crate) world: Arc<World>,
    ids: Arc<SequentialIds>,
    groups: GroupLimits,
    slots: [Mutex<Option<Arc<Instance>>>; 2],
}

impl Cluster {
    /// Starts both.
    pub(crate) fn start(world: &Arc<World>) -> Arc<Self> {
        let groups = if world.crowd {
            GroupLimits::default()
        } else {
            GroupLimits {
                most: world.dice.pick(&[1, 2, 256]),
                waiting: world.dice.pick(&[3, 8_192, 8_192]),
            }
        };
        world.note(
            "seed",
            format_args!(
                "faults: {}; grace {} s; groups of {}, {} may wait",
                world.profile.name,
                world.grace.as_secs(),
                groups.most,
                groups.waiting
            ),
        );
        let cluster = Arc::new(Self {
            world: Arc::clone(world),
            ids: Arc::new(SequentialIds::new()),
            groups,
            slots: Default::default(),
        });
        for index in 0..cluster.slots.len() {
            tokio::spawn(Arc::clone(&cluster).keep_alive(index));
        }
        cluster
    }

    /// An instance, if it is alive.
    pub(crate) fn instance(&self, index: usize) -> Option<Arc<Instance>> {
        let slot = self.slots.get(index)?;
        slot.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn keep_alive(self: Arc<Self>, index: usize) {
        let name = ["a", "b"].get(index).unwrap_or(&"?");
        let mut lives = 0;
        loop {
            lives += 1;
            let life = Arc::new(Life::new(format!("{name}{lives}")));
            let (world, ended) = (&self.world, Arc::clone(&life));
            world.note(&life.name, format_args!("starts"));
            let instance = Instance::start(world, &self.ids, self.groups, life);
            self.put(index, Some(Arc::new(instance)));
            ended.ended.notified().await;
            self.put(index, None);
            sleep(world.dice.millis(50, 4_000)).await;
        }
    }

    fn put(&self, index: usize, instance: Option<Arc<Instance>>) {
        if let Some(slot) = self.slots.get(index) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = instance;
        }
    }
}
