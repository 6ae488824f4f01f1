//! Events that seemed broken once. What is really broken seems so again.

use std::time::Duration;

use super::Balance;
use super::balance::Fault;
use super::look::Observed;
use crate::event::EventId;

/// How often the same fault must be seen, and over how long, before it counts. A look is exact, so one
/// would do; but a server that answers with the past, as a deposed primary may for a few seconds, must not
/// alarm anybody.
const TIMES: u32 = 3;
const SPAN: Duration = Duration::from_secs(10);

/// An event that seemed broken.
pub(super) struct Suspect {
    pub(super) event_id: EventId,
    /// The latest balances with a fault.
    pub(super) balances: Vec<Balance>,
    faults: Vec<Fault>,
    since: Duration,
    times: u32,
}

/// The balances that are not whole.
fn broken(observed: &Observed) -> Vec<Balance> {
    let balances = observed.balances.iter();
    balances.filter(|b| !b.is_whole()).cloned().collect()
}

impl Suspect {
    /// A suspect, if the event as observed at `now` is broken.
    pub(super) fn of(observed: &Observed, now: Duration) -> Option<Self> {
        let balances = broken(observed);
        (!balances.is_empty()).then(|| Self {
            event_id: observed.stock.event_id,
            faults: balances.iter().filter_map(Balance::fault).collect(),
            balances,
            since: now,
            times: 1,
        })
    }

    /// Takes another observation into account. `None`: the event is whole after all.
    pub(super) fn again(self, observed: &Observed, now: Duration) -> Option<Self> {
        let latest = Self::of(observed, now)?;
        if latest.faults != self.faults {
            // Another fault than before: its time begins now.
            return Some(latest);
        }
        Some(Self {
            since: self.since,
            times: self.times + 1,
            ..latest
        })
    }

    /// Whether the fault was there often and long enough.
    pub(super) fn is_sure(&self, now: Duration) -> bool {
        self.times >= TIMES && now.saturating_sub(self.since) > SPAN
    }
}
