//! Mending an event whose stock does not agree with its bookings. The bookings are right: they are what
//! people were told.

use std::sync::Arc;
use std::time::Duration;

use super::look::{Looks, Observed};
use super::{Balance, BookingSurvey, Change, CorrectStock, StockRepair, StockSurvey, Surveyed};
use crate::error::{StoreError, chain};
use crate::event::{EventId, ExpectedRevision};
use crate::runtime::Runtime;
use crate::stock::{ClosingState, ClosingToken, Recovered, Recovery, StockRepository, TicketType};

/// How often it is tried to close an event that somebody else keeps closed, and to correct one whose stock
/// still moves.
const TRIES: usize = 20;
/// The time between two tries.
const PAUSE: Duration = Duration::from_millis(500);

/// What repairing needs.
#[derive(Clone)]
pub struct RepairPorts {
    /// Closes events and opens them again.
    pub stock: Arc<dyn StockRepository>,
    /// Looks at them.
    pub survey: Arc<dyn StockSurvey>,
    /// Corrects them.
    pub correction: Arc<dyn StockRepair>,
    /// Looks at bookings.
    pub bookings: Arc<dyn BookingSurvey>,
    /// Brings holds and closings to their end.
    pub recovery: Arc<Recovery>,
    /// The machine.
    pub runtime: Runtime,
}

/// Corrects the stock of broken events, one at a time. Servers may go on selling: an event takes no
/// reservations while it is corrected, and a moment later it does.
pub struct Repair {
    ports: RepairPorts,
    looks: Looks,
}

/// What became of an event.
pub(super) enum Repaired {
    /// There is no such event any more.
    Gone,
    /// It is as right as it can be.
    Done {
        changes: Vec<Change>,
        /// Tickets booked or held above the total.
        oversold: Vec<(TicketType, i64)>,
    },
    /// It could not be corrected.
    Not(&'static str),
}

impl Repair {
    /// A repair through `ports`.
    pub fn new(ports: RepairPorts) -> Self {
        let looks = Looks {
            stock: Arc::clone(&ports.survey),
            bookings: Arc::clone(&ports.bookings),
        };
        Self { ports, looks }
    }

    /// Brings old holds and closings to their end: those with a booking are settled, the others fenced
    /// and released. After the corrections, since no ticket goes back into a stock that has no room.
    pub(super) async fn recover(&self) -> Result<Recovered, StoreError> {
        self.ports.recovery.round().await
    }

    pub(super) async fn repair(&self, event: EventId) -> Result<Repaired, StoreError> {
        for _ in 0..TRIES {
            // A token of its own per try, as for a deletion.
            let token = self.ports.runtime.ids.closing_token();
            match self
                .ports
                .stock
                .close(event, token, &ExpectedRevision::Any)
                .await
            {
                Ok(ClosingState::Gone) => return Ok(Repaired::Gone),
                Ok(ClosingState::NotMine | ClosingState::Outdated) => {
                    self.reopen_what_is_left(event).await?;
                    self.ports.runtime.timer.sleep(PAUSE).await;
                }
                Ok(ClosingState::Holds | ClosingState::Clear) => {
                    let result = self.correct(event, token).await;
                    self.reopen(event, token).await;
                    return result;
                }
                // It may be closed all the same.
                Err(error) => {
                    self.reopen(event, token).await;
                    return Err(error);
                }
            }
        }
        Ok(Repaired::Not("somebody is deleting it"))
    }

    /// Sets the stock to what the bookings say, until it is that. `event` is closed by `token`.
    ///
    /// Nothing can go wrong between the look and the correction: what takes tickets is shut out, and
    /// what else moves stock (a release, a return, a new capacity) moves the counter, so that the
    /// correction changes nothing and the next look sees it. A cancellation in between is in neither, and
    /// its tickets come back like any others. A hold that is settled in between was counted as held, and
    /// is counted as booked now.
    async fn correct(&self, event: EventId, token: ClosingToken) -> Result<Repaired, StoreError> {
        let mut before = None;
        for _ in 0..TRIES {
            let observed = match self.looks.observe_durably(event).await {
                Ok(Some(observed)) => observed,
                Ok(None) => return Ok(Repaired::Gone),
                // Looking again is always right.
                Err(error) if error.is_unavailable() => {
                    tracing::warn!(error = chain(&error), "looking again");
                    self.ports.runtime.timer.sleep(PAUSE).await;
                    continue;
                }
                Err(error) => return Err(error),
            };
            if observed.stock.closing.map(|by| by.token) != Some(token) {
                return Ok(Repaired::Not("somebody opened it meanwhile"));
            }
            let Some(targets) = targets(&observed) else {
                return Ok(Repaired::Not(
                    "there are bookings of a ticket type that it does not have",
                ));
            };
            let first = before.get_or_insert_with(|| observed.stock.types.clone());
            let wrong: Vec<CorrectStock> = targets
                .iter()
                .filter(|target| target.differs(&observed))
                .map(|target| target.correct.clone())
                .collect();
            if wrong.is_empty() {
                let oversold = targets.iter().filter(|target| target.oversold > 0);
                return Ok(Repaired::Done {
                    oversold: oversold
                        .map(|target| (target.correct.ticket_type.clone(), target.oversold))
                        .collect(),
                    changes: changes(first, &targets),
                });
            }
            let version = observed.stock.version;
            self.ports
                .correction
                .correct(event, token, version, &wrong)
                .await?;
        }
        Ok(Repaired::Not("its stock never stood still"))
    }

    /// Opens an event again that somebody closed who is gone: recovery would do the same.
    async fn reopen_what_is_left(&self, event: EventId) -> Result<(), StoreError> {
        let found = self.ports.survey.stocks(&[event]).await?;
        if let Some(Surveyed::Stock(stock)) = found.first()
            && let Some(by) = stock.closing
            && by.age > self.ports.recovery.grace()
        {
            self.ports.stock.reopen(event, by.token).await?;
        }
        Ok(())
    }

    async fn reopen(&self, event: EventId, token: ClosingToken) {
        if let Err(error) = self.ports.stock.reopen(event, token).await {
            tracing::warn!(error = chain(&error), event_id = %event, "an event stays closed until recovery opens it");
        }
    }
}

/// What a type's stock should be.
struct Target {
    correct: CorrectStock,
    oversold: i64,
}

/// What each type's stock should be; `None` if somebody has tickets of a type that the event lacks.
fn targets(observed: &Observed) -> Option<Vec<Target>> {
    let of = |balance: &Balance| {
        if !observed.stock.types.contains_key(&balance.ticket_type) {
            let nobody = balance.confirmed == 0 && balance.held == 0;
            return nobody.then_some(None);
        }
        let left = balance.stock.total - balance.confirmed - balance.held;
        let oversold = (-left).max(0);
        // What was sold above the total must not be sold again when it comes back: the event counts it
        // as returned already, and so the first returns do not move its stock.
        Some(Some(Target {
            correct: CorrectStock {
                ticket_type: balance.ticket_type.clone(),
                available: left.max(0),
                returned: balance.returned + oversold,
            },
            oversold,
        }))
    };
    let targets: Option<Vec<Option<Target>>> = observed.balances.iter().map(of).collect();
    Some(targets?.into_iter().flatten().collect())
}

impl Target {
    /// Whether the stock is anything else. Returns that are on their way count as something else: the
    /// correction brings them too, and the relay then finds that they are there.
    fn differs(&self, observed: &Observed) -> bool {
        let stock = observed.stock.types.get(&self.correct.ticket_type);
        stock.is_some_and(|stock| {
            (stock.available, stock.returned) != (self.correct.available, self.correct.returned)
        })
    }
}

/// What is different from before.
fn changes(
    before: &std::collections::BTreeMap<TicketType, super::TypeStock>,
    after: &[Target],
) -> Vec<Change> {
    let change = |target: &Target| {
        let stock = before.get(&target.correct.ticket_type)?;
        let correct = &target.correct;
        let change = Change {
            ticket_type: correct.ticket_type.clone(),
            available: (stock.available, correct.available),
            returned: (stock.returned, correct.returned),
        };
        let same =
            change.available.0 == change.available.1 && change.returned.0 == change.returned.1;
        (!same).then_some(change)
    };
    after.iter().filter_map(change).collect()
}
