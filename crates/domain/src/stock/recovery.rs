//! Recovery: brings to an end what a crash, or an answer that never came, left half-done.

use std::sync::Arc;
use std::time::Duration;

use metrics::{Counter, Gauge};

use super::{HoldRef, ReservationId, StockRepository};
use crate::booking::{BookingRepository, FenceOutcome, ReservationRow};
use crate::error::StoreError;
use crate::metric::{
    NO_LABELS, RECOVERY_ENDED, RECOVERY_EXAMINED, RECOVERY_FENCES, RECOVERY_OPEN,
    RECOVERY_REOPENED, count,
};

/// The most holds, and the most closings, of one step.
const MAX_STEP: usize = 500;

/// What one round of recovery did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Holds that left because their bookings exist.
    pub settled: usize,
    /// Holds whose tickets went back into the stock.
    pub released: usize,
    /// Holds whose outcome somebody still has in hand; the next round looks again.
    pub open: usize,
    /// Events that nobody was deleting any more and that take reservations again.
    pub reopened: usize,
}

/// Looks into holds and closings that are older than the grace. Any number of instances may do so
/// at once.
pub struct Recovery {
    stock: Arc<dyn StockRepository>,
    bookings: Arc<dyn BookingRepository>,
    grace: Duration,
    meter: Meter,
}

/// Measures as it goes along, so that a round that breaks off is measured too.
struct Meter {
    examined: Counter,
    settled: Counter,
    released: Counter,
    fences: Counter,
    open: Gauge,
    reopened: Counter,
}

impl Meter {
    fn new() -> Self {
        Self {
            examined: RECOVERY_EXAMINED.counter(NO_LABELS),
            settled: RECOVERY_ENDED.counter(["settled"]),
            released: RECOVERY_ENDED.counter(["released"]),
            fences: RECOVERY_FENCES.counter(NO_LABELS),
            open: RECOVERY_OPEN.gauge(NO_LABELS),
            reopened: RECOVERY_REOPENED.counter(NO_LABELS),
        }
    }
}

impl Recovery {
    /// Recovery of what is older than `grace`, by the stock's own clock. `grace` is longer than a
    /// request's deadline and a lock wait together.
    pub fn new(
        stock: Arc<dyn StockRepository>,
        bookings: Arc<dyn BookingRepository>,
        grace: Duration,
    ) -> Self {
        Self {
            stock,
            bookings,
            grace,
            meter: Meter::new(),
        }
    }

    /// The age from which holds and closings are looked into.
    pub fn grace(&self) -> Duration {
        self.grace
    }

    /// Does one round: all stale holds and closings there are at this moment. What fails stops nothing
    /// else; the first error is given back at the end, and the next round tries again.
    pub async fn round(&self) -> Result<Recovered, StoreError> {
        let mut done = Recovered::default();
        let holds = self.holds(&mut done).await;
        let closings = self.closings(&mut done).await;
        holds.and(closings).map(|()| done)
    }

    async fn holds(&self, done: &mut Recovered) -> Result<(), StoreError> {
        while self.holds_step(done).await? == MAX_STEP {}
        Ok(())
    }

    async fn closings(&self, done: &mut Recovered) -> Result<(), StoreError> {
        let mut result = Ok(());
        for closing in self.stock.stale_closings(self.grace, MAX_STEP).await? {
            let reopened = self.stock.reopen(closing.event_id, closing.token).await;
            done.reopened += usize::from(reopened.is_ok());
            self.meter.reopened.increment(u64::from(reopened.is_ok()));
            result = result.and(reopened);
        }
        result
    }

    /// Looks into up to [`MAX_STEP`] holds; returns how many of them came to their end.
    async fn holds_step(&self, done: &mut Recovered) -> Result<usize, StoreError> {
        let mut holds: Vec<HoldRef> = self
            .stock
            .stale_holds(self.grace, MAX_STEP)
            .await?
            .iter()
            .map(|hold| hold.at)
            .collect();
        self.meter.examined.increment(holds.len() as u64);
        self.meter.open.set(count(holds.len()));
        if holds.is_empty() {
            return Ok(0);
        }
        // Fences lock; everybody locks in the same order.
        holds.sort_by_key(|hold| hold.reservation_id);
        let verdict = self.judge(&holds).await?;
        let settled = match verdict.booked.as_slice() {
            [] => Ok(()),
            holds => self.stock.settle(holds).await,
        };
        let released = match verdict.void.as_slice() {
            [] => Ok(()),
            holds => self.stock.release(holds).await,
        };
        let ended = |result: &Result<(), StoreError>, holds: &[HoldRef]| {
            if result.is_ok() { holds.len() } else { 0 }
        };
        let (booked, void) = (
            ended(&settled, &verdict.booked),
            ended(&released, &verdict.void),
        );
        self.meter.settled.increment(booked as u64);
        self.meter.released.increment(void as u64);
        self.meter.open.set(count(holds.len() - booked - void));
        done.settled += booked;
        done.released += void;
        done.open += verdict.open;
        settled.and(released)?;
        Ok(verdict.booked.len() + verdict.void.len())
    }

    /// Finds out which holds have a booking and which never can have one.
    async fn judge(&self, holds: &[HoldRef]) -> Result<Verdict, StoreError> {
        let ids: Vec<ReservationId> = holds.iter().map(|hold| hold.reservation_id).collect();
        let rows = self.bookings.find_reservations(&ids).await?;
        let mut verdict = Verdict::default();
        let mut absent = Vec::new();
        for (hold, row) in holds.iter().zip(rows) {
            match row {
                // Confirmed or cancelled alike: the tickets left the stock for this booking, and what a
                // cancellation gives back goes by the counter.
                ReservationRow::Booked(_) => verdict.booked.push(*hold),
                ReservationRow::Void => verdict.void.push(*hold),
                ReservationRow::Absent => absent.push(*hold),
            }
        }
        // No row now does not mean no row ever: a commit may be on its way. Releasing before the fence
        // stands would sell its tickets twice.
        let fences = if absent.is_empty() {
            Vec::new()
        } else {
            self.meter.fences.increment(absent.len() as u64);
            self.bookings.fence(&absent).await?
        };
        for (hold, fence) in absent.iter().zip(fences) {
            match fence {
                FenceOutcome::Void => verdict.void.push(*hold),
                FenceOutcome::Booked(_) => verdict.booked.push(*hold),
                FenceOutcome::Busy => verdict.open += 1,
            }
        }
        Ok(verdict)
    }
}

#[derive(Default)]
struct Verdict {
    booked: Vec<HoldRef>,
    void: Vec<HoldRef>,
    open: usize,
}
