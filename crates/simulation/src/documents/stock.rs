//! The stock, as the real adapter keeps it: one command per call, a statement per event.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::booking::OutboxId;
use domain::error::StoreError;
use domain::event::{EventId, ExpectedRevision};
use domain::idempotency::KeyClaim;
use domain::stock::{
    ClosingState, ClosingToken, DeleteOutcome, Hold, HoldRef, Refusal, Reservation, ReservationId,
    ReserveError, ReserveOutcome, StaleClosing, StockBatch, StockRepository, StockReturn,
};
use domain::time::Timestamp;

use super::command::{self, Statements, Step};
use super::document::{Document, Outcome};
use super::replica_set::Collections;
use super::{Documents, lost};
use crate::line::Lost;
use crate::mutation::Mutation;

/// What one event is asked for.
#[derive(Default)]
struct Wishes {
    settle: Vec<ReservationId>,
    reserve: Vec<Reservation>,
}

fn by_event(holds: &[HoldRef]) -> BTreeMap<EventId, Vec<ReservationId>> {
    let mut events: BTreeMap<EventId, Vec<ReservationId>> = BTreeMap::new();
    for hold in holds {
        let ids = events.entry(hold.event_id).or_default();
        ids.push(hold.reservation_id);
    }
    events
}

fn reserving(batch: &StockBatch) -> Statements {
    let mut events: BTreeMap<EventId, Wishes> = BTreeMap::new();
    for (event, ids) in by_event(&batch.settle) {
        events.entry(event).or_default().settle = ids;
    }
    for wish in &batch.reserve {
        let wishes = events.entry(wish.event_id).or_default();
        wishes.reserve.push(wish.clone());
    }
    let statement = |(event, wishes): (EventId, Wishes)| {
        let step: Step =
            Arc::new(move |document, now| document.reserve(&wishes.settle, &wishes.reserve, now));
        (event, step)
    };
    events.into_iter().map(statement).collect()
}

/// One statement for each event of `holds`.
fn leaving(holds: &[HoldRef], step: fn(&Document, &[ReservationId]) -> Outcome) -> Statements {
    let statement = |(event, ids): (EventId, Vec<ReservationId>)| {
        let step: Step = Arc::new(move |document, _| step(document, &ids));
        (event, step)
    };
    by_event(holds).into_iter().map(statement).collect()
}

fn one(
    event: EventId,
    step: impl Fn(&Document, Timestamp) -> Outcome + Send + Sync + 'static,
) -> Statements {
    vec![(event, Arc::new(step))]
}

fn state_of(copy: &Collections, event: EventId, token: ClosingToken) -> ClosingState {
    match copy.events.get(&event) {
        None => ClosingState::Gone,
        Some(document) if !document.is_closed_by(token) => ClosingState::NotMine,
        Some(document) if document.holds.is_empty() => ClosingState::Clear,
        Some(_) => ClosingState::Holds,
    }
}

fn is_outdated(copy: &Collections, event: EventId, expected: &ExpectedRevision) -> bool {
    let document = copy.events.get(&event);
    document.is_some_and(|document| !document.is_expected(expected))
}

fn outcomes(copy: &Collections, wishes: &[Reservation], now: Timestamp) -> Vec<ReserveOutcome> {
    let tell = |wish: &Reservation| match copy.events.get(&wish.event_id) {
        None => ReserveOutcome::Refused(Refusal::EventNotFound),
        Some(document) => document.tell(wish, now),
    };
    wishes.iter().map(tell).collect()
}

impl Documents {
    async fn send_reserve(&self, batch: &StockBatch) -> Result<Vec<ReserveOutcome>, Lost> {
        let (count, wishes) = (batch.reserve.len(), batch.reserve.clone());
        let what = format!("reserve {count}, settle {}", batch.settle.len());
        let sent = command::send(&self.0, &what, reserving(batch)).await?;
        let told = command::read_after(&self.0, "find the holds", sent.time, move |copy, now| {
            outcomes(copy, &wishes, now)
        });
        // Whatever goes wrong from here on, holds may be there.
        told.await.map_err(|_| Lost::Unknown)
    }

    /// Forgets the returns of outbox rows that went; only a mutation remembers any.
    pub(crate) async fn forget_returns(&self, rows: &[OutboxId]) -> Result<(), StoreError> {
        let rows: Vec<u64> = rows.iter().map(|row| row.0.unsigned_abs()).collect();
        let events: Vec<EventId> = {
            let state = self.0.world.state();
            state.documents.primary.events.keys().copied().collect()
        };
        let forget: Step = Arc::new(move |document, _| document.forget_remembered(&rows));
        let statements = events.into_iter().map(|event| (event, forget.clone()));
        self.repeatable("forget returns", statements.collect())
            .await
    }

    async fn repeatable(
        &self,
        what: &'static str,
        statements: Statements,
    ) -> Result<(), StoreError> {
        let sent = command::send_repeatable(&self.0, what, statements).await;
        sent.map_err(lost)
    }
}

#[async_trait]
impl StockRepository for Documents {
    async fn reserve(&self, batch: &StockBatch) -> Result<Vec<ReserveOutcome>, ReserveError> {
        let world = &self.0.world;
        let mut told = self.send_reserve(batch).await;
        if world.has(Mutation::ReserveTwice) && matches!(told, Err(Lost::Unknown)) {
            told = self.send_reserve(batch).await;
        }
        told.map_err(|why| {
            // What is proven is not always known.
            if why == Lost::NotSent && world.dice.chance(700) {
                ReserveError::NotExecuted(lost(why))
            } else {
                ReserveError::Unknown(lost(why))
            }
        })
    }

    async fn settle(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        self.repeatable("settle", leaving(holds, Document::settle))
            .await
    }

    async fn release(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        let step = if self.0.world.has(Mutation::NoReleaseGuard) {
            Document::release_unguarded
        } else {
            Document::release
        };
        self.repeatable("release", leaving(holds, step)).await
    }

    async fn apply_returns(&self, returns: &[StockReturn]) -> Result<(), StoreError> {
        let remembers = self.0.world.has(Mutation::RememberReturns);
        let mut events: BTreeMap<EventId, Vec<u64>> = BTreeMap::new();
        for back in returns {
            events.entry(back.event_id).or_default().push(back.returned);
        }
        let statement = |(event, counters): (EventId, Vec<u64>)| {
            let step: Step = Arc::new(move |document, _| {
                if remembers {
                    return document.apply_remembered(&counters);
                }
                document.apply_return(counters.iter().copied().max().unwrap_or_default())
            });
            (event, step)
        };
        let statements = events.into_iter().map(statement).collect();
        self.repeatable("return", statements).await
    }

    async fn stale_holds(&self, age: Duration, limit: usize) -> Result<Vec<Hold>, StoreError> {
        let stale = command::read(&self.0, "look for old holds", move |copy, now| {
            let since = now.minus(age);
            let holds = copy.events.values().flat_map(|document| &document.holds);
            let old = holds.filter(|entry| entry.at <= since).take(limit);
            old.map(|entry| entry.hold.clone()).collect()
        });
        stale.await.map_err(lost)
    }

    async fn close(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
    ) -> Result<ClosingState, StoreError> {
        let wanted = expected.clone();
        let close = one(event, move |document, now| {
            document.close(token, &wanted, now)
        });
        let sent = command::send(&self.0, "close", close).await.map_err(lost)?;
        let wanted = expected.clone();
        let found = command::read_after(&self.0, "look at the holds", sent.time, move |copy, _| {
            match state_of(copy, event, token) {
                ClosingState::NotMine if is_outdated(copy, event, &wanted) => {
                    ClosingState::Outdated
                }
                state => state,
            }
        });
        found.await.map_err(lost)
    }

    async fn closing_state(
        &self,
        event: EventId,
        token: ClosingToken,
    ) -> Result<ClosingState, StoreError> {
        let read = command::read(&self.0, "look at the holds", move |copy, _| {
            state_of(copy, event, token)
        });
        read.await.map_err(lost)
    }

    async fn reopen(&self, event: EventId, token: ClosingToken) -> Result<(), StoreError> {
        let reopen = one(event, move |document, _| document.reopen(token));
        self.repeatable("reopen", reopen).await
    }

    /// The load deletes without keys.
    async fn delete_closed<'a>(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
        _key: Option<&'a KeyClaim>,
    ) -> Result<DeleteOutcome, StoreError> {
        let wanted = match self.0.world.has(Mutation::DeleteAnyRevision) {
            true => ExpectedRevision::Any,
            false => expected.clone(),
        };
        let delete = one(event, move |document, _| document.delete(token, &wanted));
        let sent = command::send(&self.0, "delete", delete).await;
        Ok(match sent.map_err(lost)?.deleted {
            Some(deleted) => DeleteOutcome::Deleted(Box::new(deleted.event())),
            None => DeleteOutcome::Refused,
        })
    }

    async fn stale_closings(
        &self,
        age: Duration,
        limit: usize,
    ) -> Result<Vec<StaleClosing>, StoreError> {
        let stale = command::read(&self.0, "look for old closings", move |copy, now| {
            let since = now.minus(age);
            let closings = copy.events.iter().filter_map(|(event, document)| {
                let (token, at) = document.closing?;
                (at <= since).then_some(StaleClosing {
                    event_id: *event,
                    token,
                })
            });
            closings.take(limit).collect()
        });
        stale.await.map_err(lost)
    }
}
