//! The use case: goes through all events, and says which are broken.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::look::{Looks, Observed, Seen};
use super::repair::{Repair, Repaired};
use super::suspects::Suspect;
use super::{BookingSurvey, Finding, MAX_EVENTS, Report, StockSurvey, Summary};
use crate::error::StoreError;
use crate::event::EventId;
use crate::runtime::{Clock, Timer};

/// The events of one look: each may have thousands of holds, and all are in memory at once.
const PAGE: usize = 100;
/// The suspects that wait together for their next look.
const MAX_SUSPECTS: usize = 1_000;
/// How often the events of a page are looked at together, and then each by itself, before one that moved
/// every time is given up: a look at one event is short, and seldom meets a sale.
const TOGETHER: usize = 3;
const ALONE: usize = 100;
/// The time between two looks at what moved.
const PAUSE: Duration = Duration::from_millis(20);
/// The time between two looks at a suspect: the third is more than ten seconds after the first.
const APART: Duration = Duration::from_millis(5_100);
/// How often suspects are looked at again.
const ROUNDS: usize = 12;

/// What verifying needs.
#[derive(Clone)]
pub struct VerifyPorts {
    /// The events' side.
    pub stock: Arc<dyn StockSurvey>,
    /// The bookings' side.
    pub bookings: Arc<dyn BookingSurvey>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Sleeping.
    pub timer: Arc<dyn Timer>,
}

/// Checks every event against its bookings, beside servers that go on selling.
///
/// Its memory is bounded: pages of events, whose findings are told at once.
pub struct Verification {
    looks: Looks,
    clock: Arc<dyn Clock>,
    timer: Arc<dyn Timer>,
    grace: Duration,
    repair: Option<Repair>,
}

impl Verification {
    /// A verification that changes nothing. What is older than `grace` should have been brought to its
    /// end by recovery, and is told.
    pub fn new(ports: VerifyPorts, grace: Duration) -> Self {
        Self {
            looks: Looks {
                stock: ports.stock,
                bookings: ports.bookings,
            },
            clock: ports.clock,
            timer: ports.timer,
            grace,
            repair: None,
        }
    }

    /// The same that also repairs what it finds broken.
    #[must_use]
    pub fn repairing(self, repair: Repair) -> Self {
        Self {
            repair: Some(repair),
            ..self
        }
    }

    /// Goes through everything once. An error means that a store did not answer; what was told until
    /// then stands.
    pub async fn run(&self, report: &dyn Report) -> Result<Summary, StoreError> {
        let mut run = Run {
            on: self,
            report,
            summary: Summary::default(),
            suspects: Vec::new(),
        };
        run.events().await?;
        run.unknown_events().await?;
        if let Some(repair) = &self.repair {
            run.summary.recovered = repair.recover().await?;
        }
        Ok(run.summary)
    }

    /// Looks at events until each has stood still; one that never did is left as moving.
    async fn examine(&self, events: &[EventId]) -> Result<Vec<(EventId, Seen)>, StoreError> {
        let (mut done, mut moving) = (Vec::with_capacity(events.len()), events.to_vec());
        for _ in 0..TOGETHER {
            let seen = self.looks.look(&moving).await?;
            moving.clear();
            for (event, seen) in seen {
                match seen {
                    Seen::Moving => moving.push(event),
                    seen => done.push((event, seen)),
                }
            }
            if moving.is_empty() {
                return Ok(done);
            }
            self.timer.sleep(PAUSE).await;
        }
        for event in moving {
            done.push((event, self.examine_alone(event).await?));
        }
        Ok(done)
    }

    async fn examine_alone(&self, event: EventId) -> Result<Seen, StoreError> {
        for _ in 0..ALONE {
            let seen = self.looks.look(&[event]).await?;
            match seen.into_iter().next() {
                Some((_, Seen::Moving)) => self.timer.sleep(PAUSE).await,
                Some((_, seen)) => return Ok(seen),
                None => return Ok(Seen::Gone),
            }
        }
        Ok(Seen::Moving)
    }
}

/// One run.
struct Run<'a> {
    on: &'a Verification,
    report: &'a dyn Report,
    summary: Summary,
    suspects: Vec<Suspect>,
}

impl Run<'_> {
    async fn events(&mut self) -> Result<(), StoreError> {
        let mut after = None;
        loop {
            let page = self.on.looks.stock.ids(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(*last);
            self.page(&page).await?;
            if self.suspects.len() >= MAX_SUSPECTS {
                self.confirm().await?;
            }
        }
        self.confirm().await
    }

    async fn page(&mut self, page: &[EventId]) -> Result<(), StoreError> {
        for (event_id, seen) in self.on.examine(page).await? {
            self.summary.events += 1;
            match seen {
                Seen::Gone => {}
                Seen::Unreadable => self.broken(Finding::Unreadable { event_id }),
                Seen::Moving => self.undecided(event_id),
                Seen::Still(observed) => {
                    self.tell_what_is_old(&observed);
                    let now = self.on.clock.monotonic();
                    self.suspects.extend(Suspect::of(&observed, now));
                }
            }
        }
        self.report.progress(self.summary.events);
        Ok(())
    }

    /// Looks at the suspects again and again, until each is broken for sure, or whole after all.
    async fn confirm(&mut self) -> Result<(), StoreError> {
        let mut open = std::mem::take(&mut self.suspects);
        for _ in 0..ROUNDS {
            if open.is_empty() {
                return Ok(());
            }
            self.on.timer.sleep(APART).await;
            let mut rest = Vec::with_capacity(open.len());
            while !open.is_empty() {
                let behind = open.split_off(open.len().min(PAGE));
                rest.extend(self.confirm_page(open).await?);
                open = behind;
            }
            open = rest;
        }
        open.iter()
            .for_each(|suspect| self.undecided(suspect.event_id));
        Ok(())
    }

    /// Looks at some suspects once more; those about which nothing is sure yet come back.
    async fn confirm_page(&mut self, page: Vec<Suspect>) -> Result<Vec<Suspect>, StoreError> {
        let ids: Vec<EventId> = page.iter().map(|suspect| suspect.event_id).collect();
        let seen = self.on.examine(&ids).await?;
        let mut seen: HashMap<EventId, Seen> = seen.into_iter().collect();
        let now = self.on.clock.monotonic();
        let mut open = Vec::new();
        for suspect in page {
            let event_id = suspect.event_id;
            let suspect = match seen.remove(&event_id) {
                None | Some(Seen::Gone) => None,
                Some(Seen::Moving) => Some(suspect),
                Some(Seen::Still(observed)) => suspect.again(&observed, now),
                Some(Seen::Unreadable) => {
                    self.broken(Finding::Unreadable { event_id });
                    None
                }
            };
            match suspect {
                Some(suspect) if suspect.is_sure(now) => self.settle(suspect).await?,
                suspect => open.extend(suspect),
            }
        }
        Ok(open)
    }

    /// An event is broken for sure.
    async fn settle(&mut self, suspect: Suspect) -> Result<(), StoreError> {
        let event_id = suspect.event_id;
        self.report.finding(&Finding::Broken {
            event_id,
            balances: suspect.balances,
        });
        let Some(repair) = &self.on.repair else {
            self.summary.broken += 1;
            return Ok(());
        };
        match repair.repair(event_id).await? {
            Repaired::Gone => {}
            Repaired::Not(why) => self.broken(Finding::NotRepaired { event_id, why }),
            Repaired::Done { changes, oversold } => {
                self.report
                    .finding(&Finding::Repaired { event_id, changes });
                if oversold.is_empty() {
                    self.summary.repaired += 1;
                } else {
                    self.summary.broken += 1;
                }
                for (ticket_type, tickets) in oversold {
                    self.report.finding(&Finding::Oversold {
                        event_id,
                        ticket_type,
                        tickets,
                    });
                }
            }
        }
        Ok(())
    }

    /// Bookings of events that do not exist. The documents are asked after the bookings: an event is
    /// there before its first booking, and is not deleted any more after it.
    async fn unknown_events(&mut self) -> Result<(), StoreError> {
        let (stock, bookings) = (&self.on.looks.stock, &self.on.looks.bookings);
        let mut after = None;
        loop {
            let named = bookings.booked_events(after, MAX_EVENTS).await?;
            let Some(last) = named.last() else {
                return Ok(());
            };
            after = Some(*last);
            let known = stock.versions(&named).await?;
            let known: HashSet<EventId> = known.into_iter().map(|(event, _)| event).collect();
            let unknown: Vec<EventId> =
                named.into_iter().filter(|id| !known.contains(id)).collect();
            if unknown.is_empty() {
                continue;
            }
            let confirmed = bookings.snapshot().await?.confirmed(&unknown).await?;
            let mut tickets: HashMap<EventId, i64> = HashMap::new();
            for count in confirmed {
                *tickets.entry(count.event_id).or_default() += count.tickets;
            }
            for event_id in unknown {
                self.summary.unknown += 1;
                self.report.finding(&Finding::UnknownEvent {
                    event_id,
                    tickets: tickets.get(&event_id).copied().unwrap_or_default(),
                });
            }
        }
    }

    fn tell_what_is_old(&mut self, observed: &Observed) {
        let (event_id, grace) = (observed.stock.event_id, self.on.grace);
        let old = observed.stock.holds.iter().map(|hold| hold.age);
        let old: Vec<Duration> = old.filter(|age| *age > grace).collect();
        if let Some(oldest) = old.iter().max() {
            self.summary.old_holds += 1;
            self.report.finding(&Finding::OldHolds {
                event_id,
                holds: old.len(),
                oldest: *oldest,
            });
        }
        if let Some(closing) = observed.stock.closing.filter(|by| by.age > grace) {
            self.summary.old_closings += 1;
            self.report.finding(&Finding::OldClosing {
                event_id,
                age: closing.age,
            });
        }
    }

    fn broken(&mut self, finding: Finding) {
        self.summary.broken += 1;
        self.report.finding(&finding);
    }

    fn undecided(&mut self, event_id: EventId) {
        self.summary.undecided += 1;
        self.report.finding(&Finding::Undecided { event_id });
    }
}
