//! How a booking is cancelled: the bookings' store decides and counts, the stock follows.

use std::time::Duration;

use super::flow::BookingFlow;
use super::groups::WriteFailure;
use super::{Booking, BookingId, CancelError, CancelOutcome, Cancellation, Cancelled};
use crate::audit::{Action, AuditRecord};
use crate::error::{Failure, chain};
use crate::idempotency::{Done, KeyClaim, KeyError, KeyUse};
use crate::request::{Identity, Origin};

/// The longest that an answer waits for the stock; the relay brings the tickets back anyhow.
const STOCK_WAIT: Duration = Duration::from_millis(800);

impl BookingFlow {
    /// Cancels a booking, once under each key.
    pub(super) async fn cancel_once(
        &self,
        booking: BookingId,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<Booking>, CancelError> {
        let claim = self.keys.claim(by, key);
        let work = self.cancel(booking, by, claim.clone(), origin);
        let replay = |_| self.cancelled(booking);
        self.keys.once(by, claim.as_ref(), work, replay).await
    }

    /// The booking that an earlier request cancelled: nothing changes it any more.
    async fn cancelled(&self, booking: BookingId) -> Result<Booking, CancelError> {
        let found = self.ports.bookings.find_booking(booking).await;
        found.map_err(Failure::from)?.ok_or(CancelError::NotFound)
    }

    async fn cancel(
        &self,
        booking_id: BookingId,
        by: Identity,
        key: Option<KeyClaim>,
        origin: &Origin,
    ) -> Result<Booking, CancelError> {
        let runtime = &self.ports.runtime;
        let started = runtime.clock.monotonic();
        let at = runtime.clock.now();
        let audit = AuditRecord::new(runtime.ids.audit_id(), at, Action::Cancel, origin)
            .by(by)
            .on_booking(booking_id);
        let wish = Cancellation {
            booking_id,
            by,
            at,
            key,
            audit,
        };
        match self.groups.cancel(wish).await.map_err(failure)? {
            CancelOutcome::Cancelled(cancelled) => {
                let spent = runtime.clock.monotonic().saturating_sub(started);
                let left = self.settings.deadline.saturating_sub(spent);
                // A cancellation that took long is still to be answered in time.
                let wait = STOCK_WAIT.min(left / 2);
                Ok(self.give_back(cancelled, wait).await)
            }
            CancelOutcome::NotFound => Err(CancelError::NotFound),
            CancelOutcome::AlreadyCancelled => Err(CancelError::AlreadyCancelled),
            CancelOutcome::KeyTaken => Err(KeyError::InProgress.into()),
            CancelOutcome::Busy => {
                Err(Failure::unavailable("the booking is locked by somebody else").into())
            }
            // As with a whole group of unknown outcome: if it came through, the outbox does the rest.
            CancelOutcome::Unknown => {
                Err(Failure::unavailable("the cancellation's outcome is not known").into())
            }
        }
    }

    /// Brings the tickets back into the stock at once where that is possible. The counter that says how
    /// many ever came back makes it harmless that the relay does it too.
    async fn give_back(&self, cancelled: Cancelled, wait: Duration) -> Booking {
        let ports = &self.ports;
        ports.relay.wake();
        if ports.health.is_up(self.settings.stock_store) {
            let applied = self.groups.give_back(cancelled.stock_return);
            let applied = ports.runtime.within(wait, applied).await;
            if let Some(Err(error)) = applied {
                tracing::warn!(
                    error = chain(&error),
                    "tickets come back later, by the relay"
                );
            }
        }
        cancelled.booking
    }
}

fn failure(error: WriteFailure) -> CancelError {
    match error {
        WriteFailure::RolledBack(error) => Failure::from(error).into(),
        // Never sent again: if it came through, the outbox row it left does the rest.
        WriteFailure::Unknown(error) => Failure::unavailable(error).into(),
    }
}
