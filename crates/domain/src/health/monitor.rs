//! Asks every store for a sign of life, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use super::{HealthView, PartHealth, Probe};
use crate::error::chain;
use crate::runtime::{Runtime, Stop};

/// The time between two signs of life.
const PERIOD: Duration = Duration::from_millis(500);
/// How long a sign of life is waited for.
const PATIENCE: Duration = Duration::from_millis(1_500);

const UNKNOWN: u8 = 0;
const UP: u8 = 1;
const AWAY: u8 = 2;

/// Knows which store answers. A store that has not been asked yet is not ready, and not known to be
/// away either.
pub struct HealthMonitor {
    parts: Vec<Part>,
}

struct Part {
    probe: Arc<dyn Probe>,
    state: AtomicU8,
}

impl HealthMonitor {
    /// Watches the stores behind `probes`.
    pub fn new(probes: Vec<Arc<dyn Probe>>) -> Self {
        let part = |probe| Part {
            probe,
            state: AtomicU8::new(UNKNOWN),
        };
        Self {
            parts: probes.into_iter().map(part).collect(),
        }
    }

    /// Starts one task per store, so that a silent one does not hide the others; they end with `stop`.
    pub fn start(self: &Arc<Self>, runtime: &Runtime, stop: &Stop) {
        for index in 0..self.parts.len() {
            let (monitor, machine, mut stop) = (Arc::clone(self), runtime.clone(), stop.clone());
            runtime.spawner.spawn(Box::pin(async move {
                loop {
                    monitor.look(index, &machine).await;
                    if stop.within(&machine, PERIOD).await {
                        return;
                    }
                }
            }));
        }
    }

    async fn look(&self, index: usize, runtime: &Runtime) {
        let Some(part) = self.parts.get(index) else {
            return;
        };
        let (name, answer) = (
            part.probe.name(),
            runtime.within(PATIENCE, part.probe.ping()).await,
        );
        let state = if matches!(answer, Some(Ok(()))) {
            UP
        } else {
            AWAY
        };
        if part.state.swap(state, Ordering::Relaxed) == state {
            return;
        }
        match answer {
            Some(Ok(())) => tracing::info!(store = name, "store is up"),
            Some(Err(error)) => {
                tracing::error!(store = name, error = chain(&error), "store is away");
            }
            None => tracing::error!(store = name, error = "it does not answer", "store is away"),
        }
    }
}

impl HealthView for HealthMonitor {
    fn parts(&self) -> Vec<PartHealth> {
        self.parts
            .iter()
            .map(|part| PartHealth {
                name: part.probe.name(),
                up: part.state.load(Ordering::Relaxed) == UP,
            })
            .collect()
    }

    fn is_up(&self, name: &str) -> bool {
        let part = self.parts.iter().find(|part| part.probe.name() == name);
        part.is_none_or(|part| part.state.load(Ordering::Relaxed) != AWAY)
    }
}
