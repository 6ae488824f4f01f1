//! How a booking is cancelled: the bookings' store decides and counts, the stock follows.

use std::time::Duration;

use super::flow::BookingFlow;
use super::{Booking, BookingId, CancelError, CancelOutcome, Cancellation, Cancelled, CommitError};
use crate::audit::{Action, AuditRecord};
use crate::error::{Failure, StoreError, chain};
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
        let group = [Cancellation {
            booking_id,
            by,
            at,
            audit,
        }];
        let outcome = self
            .ports
            .bookings
            .cancel(&group)
            .await
            .map_err(failure)?
            .into_iter()
            .next();
        match outcome {
            Some(CancelOutcome::Cancelled(cancelled)) => Ok(self.give_back(cancelled).await),
            Some(CancelOutcome::NotFound) => Err(CancelError::NotFound),
            Some(CancelOutcome::AlreadyCancelled) => Err(CancelError::AlreadyCancelled),
            None => {
                let error =
                    StoreError::unexpected("bookings", "a group came back without outcomes");
                Err(Failure::from(error).into())
            }
        }
    }

    /// Brings the tickets back into the stock at once where that is possible. The counter that says how
    /// many ever came back makes it harmless that the relay does it too.
    async fn give_back(&self, cancelled: Cancelled) -> Booking {
        let ports = &self.ports;
        ports.relay.wake();
        if ports.health.is_up(self.settings.stock_store) {
            let returns = [cancelled.stock_return];
            let applied = ports
                .runtime
                .within(STOCK_WAIT, ports.stock.apply_returns(&returns))
                .await;
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

fn failure(error: CommitError) -> CancelError {
    match error {
        CommitError::RolledBack(error) => Failure::from(error).into(),
        // Never sent again: if it came through, the outbox row it left does the rest.
        CommitError::Unknown(error) => Failure::unavailable(error).into(),
    }
}
