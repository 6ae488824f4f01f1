//! Closing an event for reservations, and deleting it.

use super::Collections;
use crate::event::{EventId, ExpectedRevision};
use crate::idempotency::KeyClaim;
use crate::stock::{ClosingState, ClosingToken, DeleteOutcome, StaleClosing};
use crate::time::Timestamp;

impl Collections {
    pub(super) fn close(
        &mut self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
        now: Timestamp,
    ) -> ClosingState {
        if let Some(document) = self.events.get_mut(&event) {
            if !expected.includes(document.event.version.revision) {
                return ClosingState::Outdated;
            }
            document.closing.get_or_insert((token, now));
        }
        self.closing_state(event, token)
    }

    pub(super) fn closing_state(&self, event: EventId, token: ClosingToken) -> ClosingState {
        match self.events.get(&event) {
            None => ClosingState::Gone,
            Some(_) if !self.is_closed_by(event, token) => ClosingState::NotMine,
            Some(document) if document.holds.is_empty() => ClosingState::Clear,
            Some(_) => ClosingState::Holds,
        }
    }

    pub(super) fn reopen(&mut self, event: EventId, token: ClosingToken) {
        if !self.is_closed_by(event, token) {
            return;
        }
        if let Some(document) = self.events.get_mut(&event) {
            document.closing = None;
        }
    }

    pub(super) fn delete_closed(
        &mut self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
        key: Option<&KeyClaim>,
    ) -> DeleteOutcome {
        if !self.is_free(key) {
            return DeleteOutcome::KeyTaken;
        }
        let clear = self.closing_state(event, token) == ClosingState::Clear;
        let Some(document) = self.events.get(&event).filter(|_| clear) else {
            return DeleteOutcome::Refused;
        };
        let before = document.as_event();
        if !expected.includes(before.version.revision) {
            return DeleteOutcome::Outdated;
        }
        self.remember(key, None);
        self.events.remove(&event);
        DeleteOutcome::Deleted(Box::new(before))
    }

    pub(super) fn stale_closings(&self, since: Timestamp, limit: usize) -> Vec<StaleClosing> {
        let closings = self.events.iter().filter_map(|(event_id, document)| {
            let (token, at) = document.closing?;
            (at <= since).then_some(StaleClosing {
                event_id: *event_id,
                token,
            })
        });
        closings.take(limit).collect()
    }

    fn is_closed_by(&self, event: EventId, token: ClosingToken) -> bool {
        let document = self.events.get(&event);
        let closing = document.and_then(|document| document.closing);
        closing.is_some_and(|(holder, _)| holder == token)
    }
}
