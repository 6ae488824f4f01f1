//! Settling: holds leave the event document once their bookings are known to exist.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::Gauge;

use super::{HoldRef, ReservationId, StockRepository};
use crate::error::StoreError;
use crate::event::EventId;
use crate::metric::{HOLDS_TO_SETTLE, NO_LABELS, count};

/// About the most holds of one write.
const MAX_WRITE: usize = 1_000;

/// Remembers which holds are to be settled. They go along with the next update of their event, or
/// with the next flush: a hold that stays a little longer only costs its place in the document,
/// and one that is forgotten in a crash is found by recovery.
pub struct Settler {
    stock: Arc<dyn StockRepository>,
    /// In the order of events, so that the same work makes the same calls.
    waiting: Mutex<BTreeMap<EventId, Vec<ReservationId>>>,
    measured: Gauge,
}

impl Settler {
    /// A settler with nothing to do.
    pub fn new(stock: Arc<dyn StockRepository>) -> Self {
        Self {
            stock,
            waiting: Mutex::default(),
            measured: HOLDS_TO_SETTLE.gauge(NO_LABELS),
        }
    }

    /// Remembers a hold whose booking is on disk.
    pub fn add(&self, hold: HoldRef) {
        self.waiting()
            .entry(hold.event_id)
            .or_default()
            .push(hold.reservation_id);
        self.measured.increment(1);
    }

    /// Takes what waits for an event, to go along with an update of it.
    pub fn take_for(&self, event_id: EventId) -> Vec<HoldRef> {
        let ids = self.waiting().remove(&event_id).unwrap_or_default();
        self.measured.decrement(count(ids.len()));
        ids.into_iter()
            .map(|reservation_id| HoldRef {
                event_id,
                reservation_id,
            })
            .collect()
    }

    /// Remembers holds again whose update may not have happened; settling twice does no harm.
    pub fn put_back(&self, holds: Vec<HoldRef>) {
        holds.into_iter().for_each(|hold| self.add(hold));
    }

    /// Settles all that waited when the call began.
    pub async fn flush(&self) -> Result<(), StoreError> {
        let mut waiting: Vec<HoldRef> = {
            let all = std::mem::take(&mut *self.waiting());
            all.into_iter()
                .flat_map(|(event_id, ids)| {
                    ids.into_iter().map(move |reservation_id| HoldRef {
                        event_id,
                        reservation_id,
                    })
                })
                .collect()
        };
        self.measured.decrement(count(waiting.len()));
        let mut result = Ok(());
        while !waiting.is_empty() {
            let rest = waiting.split_off(waiting.len().min(MAX_WRITE));
            match self.stock.settle(&waiting).await {
                Ok(()) => {}
                Err(error) if error.is_unavailable() => {
                    self.put_back(waiting);
                    self.put_back(rest);
                    return Err(error);
                }
                // An event that cannot be updated would be there again each time, and keep the rest waiting.
                // What is left of these holds is for recovery.
                Err(error) => result = Err(error),
            }
            waiting = rest;
        }
        result
    }

    fn waiting(&self) -> MutexGuard<'_, BTreeMap<EventId, Vec<ReservationId>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
