//! How a booking is cancelled: the bookings' store decides and counts, the stock follows.

use std::time::Duration;

use super::flow::BookingFlow;
use super::groups::WriteFailure;
use super::{Booking, BookingId, CancelError, CancelOutcome, Cancellation, Cancelled};
use crate::audit::{Action, AuditRecord};
use crate::error::{Failure, chain};
use crate::request::{Identity, Origin};

/// The longest that an answer waits for the stock; the relay brings the tickets back anyhow.
const STOCK_WAIT: Duration = Duration::from_millis(800);

impl BookingFlow {
    pub(super) async fn cancel(
        &self,
        booking_id: BookingId,
        by: Identity,
        origin: &Origin,
    ) -> Result<Booking, CancelError> {
        let runtime = &self.ports.runtime;
        let at = runtime.clock.now();
        let audit = AuditRecord::new(runtime.ids.audit_id(), at, Action::Cancel, origin)
            .by(by)
            .on_booking(booking_id);
        let wish = Cancellation {
            booking_id,
            by,
            at,
            audit,
        };
        match self.groups.cancel(wish).await.map_err(failure)? {
            CancelOutcome::Cancelled(cancelled) => Ok(self.give_back(cancelled).await),
            CancelOutcome::NotFound => Err(CancelError::NotFound),
            CancelOutcome::AlreadyCancelled => Err(CancelError::AlreadyCancelled),
        }
    }

    /// Brings the tickets back into the stock at once where that is possible. The counter that says how
    /// many ever came back makes it harmless that the relay does it too.
    async fn give_back(&self, cancelled: Cancelled) -> Booking {
        let ports = &self.ports;
        ports.relay.wake();
        if ports.health.is_up(self.settings.stock_store) {
            let applied = self.groups.give_back(cancelled.stock_return);
            let applied = ports.runtime.within(STOCK_WAIT, applied).await;
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
