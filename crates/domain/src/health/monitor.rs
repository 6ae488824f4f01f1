//! Asks every store for a sign of life, again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::time::Duration;

use metrics::Gauge;

use super::{HealthView, PartHealth, Probe};
use crate::error::chain;
use crate::metric::STORE_UP;
use crate::runtime::{Runtime, Stop};

/// The time between two signs of life.
const PERIOD: Duration = Duration::from_millis(500);
/// How long a sign of life is waited for.
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The name under which this process itself is away when it is about to end.
const SELF: &str = "server";

const UNKNOWN: u8 = 0;
const UP: u8 = 1;
const AWAY: u8 = 2;

/// Knows which store answers. A store that has not been asked yet is not ready, and not known to be
/// away either.
pub struct HealthMonitor {
    parts: Vec<Part>,
    ending: AtomicBool,
}

struct Part {
    probe: Arc<dyn Probe>,
    state: AtomicU8,
    measured: Gauge,
}

impl HealthMonitor {
    /// Watches the stores behind `probes`.
    pub fn new(probes: Vec<Arc<dyn Probe>>) -> Self {
        let part = |probe: Arc<dyn Probe>| Part {
            measured: STORE_UP.gauge([probe.name()]),
            probe,
            state: AtomicU8::new(UNKNOWN),
        };
        Self {
            parts: probes.into_iter().map(part).collect(),
            ending: AtomicBool::new(false),
        }
    }

    /// From now on the service counts as not ready, though it still works: whoever sends requests here
    /// is to send them elsewhere.
    pub fn end(&self) {
        self.ending.store(true, Ordering::Relaxed);
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
        part.measured.set(f64::from(u8::from(state == UP)));
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
        let stores = self.parts.iter().map(|part| PartHealth {
            name: part.probe.name(),
            up: part.state.load(Ordering::Relaxed) == UP,
        });
        let ending = self.ending.load(Ordering::Relaxed);
        let this = PartHealth {
            name: SELF,
            up: false,
        };
        stores.chain(ending.then_some(this)).collect()
    }

    fn is_up(&self, name: &str) -> bool {
        let part = self.parts.iter().find(|part| part.probe.name() == name);
        part.is_none_or(|part| part.state.load(Ordering::Relaxed) != AWAY)
    }
}

#[cfg(test)]
mod tests {
    use mockall::Sequence;

    use super::*;
    use crate::error::StoreError;
    use crate::health::MockProbe;
    use crate::runtime::StopSignal;
    use crate::test_runtime::runtime;

    fn probe(name: &'static str) -> MockProbe {
        let mut probe = MockProbe::new();
        probe.expect_name().return_const(name);
        probe
    }

    fn up(monitor: &HealthMonitor) -> Vec<bool> {
        monitor.parts().iter().map(|part| part.up).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_is_away_and_comes_back() {
        let (mut one, mut other) = (probe("mysql"), probe("mongodb"));
        let mut order = Sequence::new();
        one.expect_ping()
            .times(1)
            .in_sequence(&mut order)
            .returning(|| Ok(()));
        one.expect_ping()
            .times(1)
            .in_sequence(&mut order)
            .returning(|| Err(StoreError::unavailable("mysql", "gone")));
        one.expect_ping()
            .in_sequence(&mut order)
            .returning(|| Ok(()));
        other.expect_ping().returning(|| Ok(()));
        let monitor = Arc::new(HealthMonitor::new(vec![Arc::new(one), Arc::new(other)]));
        assert_eq!(up(&monitor), [false, false]);
        assert!(
            monitor.is_up("mysql"),
            "not asked yet is not known to be away"
        );

        let (signal, stop) = StopSignal::new();
        monitor.start(&runtime(), &stop);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(up(&monitor), [true, true]);
        tokio::time::sleep(PERIOD).await;
        assert_eq!(up(&monitor), [false, true]);
        assert!(!monitor.is_up("mysql") && monitor.is_up("mongodb"));
        tokio::time::sleep(PERIOD).await;
        assert_eq!(up(&monitor), [true, true]);

        monitor.end();
        assert_eq!(up(&monitor), [true, true, false]);
        assert!(monitor.is_up("mysql") && monitor.is_up("mongodb"));
        signal.send();
    }
}
