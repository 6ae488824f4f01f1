//! The stock: reserving, settling, releasing, returning.

use std::time::Duration;

use async_trait::async_trait;

use super::{EventDocument, HoldEntry, MemoryDocuments};
use crate::error::StoreError;
use crate::event::{EventId, ExpectedRevision};
use crate::idempotency::KeyClaim;
use crate::stock::{
    ClosingState, ClosingToken, DeleteOutcome, Hold, HoldRef, MAX_HOLDS, Refusal, Reservation,
    ReservationId, ReserveError, ReserveOutcome, StaleClosing, StockBatch, StockRepository,
    StockReturn,
};
use crate::time::Timestamp;

impl EventDocument {
    fn reserve(&mut self, wish: &Reservation, now: Timestamp) -> ReserveOutcome {
        match self.refusal(wish, now) {
            Some(refusal) => ReserveOutcome::Refused(refusal),
            None => {
                self.grant(wish, now);
                ReserveOutcome::Granted
            }
        }
    }

    fn refusal(&self, wish: &Reservation, now: Timestamp) -> Option<Refusal> {
        let Some(stock) = self.types.get(&wish.ticket_type) else {
            return Some(Refusal::EventNotFound);
        };
        // The key comes before the stock: the first request of the key may be what emptied it, and
        // then "sold out" would be the wrong answer to its own retry.
        let reasons = [
            (self.closing.is_some(), Refusal::Closing),
            (self.event.date <= now, Refusal::EventEnded),
            (self.holds_key_of(wish), Refusal::KeyInFlight),
            (self.holds.len() >= MAX_HOLDS, Refusal::TooManyHolds),
            (stock.available < wish.quantity.get(), Refusal::SoldOut),
        ];
        let mut reasons = reasons.into_iter();
        reasons.find_map(|(applies, refusal)| applies.then_some(refusal))
    }

    fn holds_key_of(&self, wish: &Reservation) -> bool {
        wish.key_hash.is_some() && self.holds.iter().any(|hold| hold.key_hash == wish.key_hash)
    }

    fn grant(&mut self, wish: &Reservation, now: Timestamp) {
        if let Some(stock) = self.types.get_mut(&wish.ticket_type) {
            stock.available -= wish.quantity.get();
        }
        self.holds.push(HoldEntry {
            hold: Hold {
                at: wish.hold_ref(),
                ticket_type: wish.ticket_type.clone(),
                quantity: wish.quantity,
            },
            key_hash: wish.key_hash.clone(),
            at: now,
        });
        self.version += 1;
    }

    fn remove_hold(&mut self, id: ReservationId) -> Option<Hold> {
        let mut holds = self.holds.iter();
        let index = holds.position(|entry| entry.hold.at.reservation_id == id)?;
        Some(self.holds.remove(index).hold)
    }

    fn release(&mut self, id: ReservationId) {
        let Some(hold) = self.remove_hold(id) else {
            return;
        };
        if let Some(stock) = self.types.get_mut(&hold.ticket_type) {
            stock.available += hold.quantity.get();
        }
        self.version += 1;
    }

    /// Moves the stock by what came back since the document last heard of it.
    fn apply_return(&mut self, back: &StockReturn) -> Result<(), StoreError> {
        let Some(stock) = self.types.get_mut(&back.ticket_type) else {
            return Ok(());
        };
        let Some(more) = back.returned.checked_sub(stock.returned).filter(|n| *n > 0) else {
            return Ok(());
        };
        // More than was ever sold cannot come back: somebody counts wrongly, and a test should see it.
        stock.available = u32::try_from(more)
            .ok()
            .and_then(|more| stock.available.checked_add(more))
            .filter(|available| *available <= stock.total)
            .ok_or_else(|| {
                StoreError::unexpected(MemoryDocuments::NAME, "more came back than was sold")
            })?;
        stock.returned = back.returned;
        self.version += 1;
        Ok(())
    }
}

#[async_trait]
impl StockRepository for MemoryDocuments {
    async fn reserve(&self, batch: &StockBatch) -> Result<Vec<ReserveOutcome>, ReserveError> {
        let now = self.clock.now();
        let mut collections = self.open().map_err(ReserveError::NotExecuted)?;
        for hold in &batch.settle {
            if let Some(document) = collections.events.get_mut(&hold.event_id) {
                document.remove_hold(hold.reservation_id);
            }
        }
        let outcome = |wish: &Reservation| match collections.events.get_mut(&wish.event_id) {
            Some(document) => document.reserve(wish, now),
            None => ReserveOutcome::Refused(Refusal::EventNotFound),
        };
        Ok(batch.reserve.iter().map(outcome).collect())
    }

    async fn settle(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        let mut collections = self.open()?;
        for hold in holds {
            if let Some(document) = collections.events.get_mut(&hold.event_id) {
                document.remove_hold(hold.reservation_id);
            }
        }
        Ok(())
    }

    async fn release(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        let mut collections = self.open()?;
        for hold in holds {
            if let Some(document) = collections.events.get_mut(&hold.event_id) {
                document.release(hold.reservation_id);
            }
        }
        Ok(())
    }

    async fn apply_returns(&self, returns: &[StockReturn]) -> Result<(), StoreError> {
        let mut collections = self.open()?;
        for back in returns {
            if let Some(document) = collections.events.get_mut(&back.event_id) {
                document.apply_return(back)?;
            }
        }
        Ok(())
    }

    async fn stale_holds(&self, age: Duration, limit: usize) -> Result<Vec<Hold>, StoreError> {
        let since = self.stale_since(age);
        let collections = self.open()?;
        let holds = collections.events.values().flat_map(|event| &event.holds);
        Ok(holds
            .filter(|entry| entry.at <= since)
            .take(limit)
            .map(|entry| entry.hold.clone())
            .collect())
    }

    async fn close(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
    ) -> Result<ClosingState, StoreError> {
        let now = self.clock.now();
        Ok(self.open()?.close(event, token, expected, now))
    }

    async fn closing_state(
        &self,
        event: EventId,
        token: ClosingToken,
    ) -> Result<ClosingState, StoreError> {
        Ok(self.open()?.closing_state(event, token))
    }

    async fn reopen(&self, event: EventId, token: ClosingToken) -> Result<(), StoreError> {
        self.open()?.reopen(event, token);
        Ok(())
    }

    async fn delete_closed<'a>(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
        key: Option<&'a KeyClaim>,
    ) -> Result<DeleteOutcome, StoreError> {
        Ok(self.open()?.delete_closed(event, token, expected, key))
    }

    async fn stale_closings(
        &self,
        age: Duration,
        limit: usize,
    ) -> Result<Vec<StaleClosing>, StoreError> {
        let since = self.stale_since(age);
        Ok(self.open()?.stale_closings(since, limit))
    }
}
