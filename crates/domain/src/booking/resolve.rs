//! What to do about a hold whose outcome is not known.

use std::sync::Arc;
use std::time::Duration;

use super::flow::BookingFlow;
use super::{BookError, Booking, FenceOutcome};
use crate::error::{Failure, StoreError, chain};
use crate::idempotency::Done;
use crate::stock::HoldRef;

/// The first wait between two tries; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// What became of a hold.
enum Resolution {
    /// Its booking is there, on disk.
    Booked(Booking),
    /// It never can have one, and its tickets are back, or recovery will bring them back.
    Gone,
}

impl BookingFlow {
    /// Answers a request whose commit has an unknown outcome.
    pub(super) async fn resolve_booking(&self, hold: HoldRef) -> Result<Done<Booking>, BookError> {
        match self.resolve(hold).await {
            Some(Resolution::Booked(booking)) => {
                self.ports.relay.wake();
                Ok(Done::now(booking.as_made()))
            }
            Some(Resolution::Gone) => {
                Err(Failure::unavailable("the booking did not come through").into())
            }
            None => Err(Failure::unavailable("the booking's outcome is not known yet").into()),
        }
    }

    /// Resolves a hold in the background, after its request was answered.
    pub(super) fn abandon(&self, hold: HoldRef) {
        let flow = self.clone();
        self.ports.runtime.spawner.spawn(Box::pin(async move {
            flow.resolve(hold).await;
        }));
    }

    /// Gives back a hold whose commit is known to have failed. If that fails too, recovery does it.
    pub(super) async fn release(&self, hold: HoldRef) {
        if let Err(error) = self.groups.release(hold).await {
            tracing::warn!(
                error = chain(&error),
                event_id = %hold.event_id,
                reservation_id = %hold.reservation_id,
                "a hold was not released; recovery will do it"
            );
        }
    }

    /// Finds out what became of a hold, by putting up a fence; `None` leaves it to recovery.
    async fn resolve(&self, hold: HoldRef) -> Option<Resolution> {
        let mut wait = FIRST_WAIT;
        let mut waited = Duration::ZERO;
        loop {
            match self.try_resolve(hold).await {
                Ok(Some(resolution)) => return Some(resolution),
                Ok(None) => {}
                Err(error) => tracing::warn!(
                    error = chain(&error),
                    event_id = %hold.event_id,
                    reservation_id = %hold.reservation_id,
                    "a hold is not resolved yet"
                ),
            }
            // Recovery takes over at the grace's end; there is no use in both asking.
            if waited + wait > self.settings.grace / 2 {
                return None;
            }
            self.ports.runtime.timer.sleep(wait).await;
            waited += wait;
            wait *= 2;
        }
    }

    async fn try_resolve(&self, hold: HoldRef) -> Result<Option<Resolution>, Arc<StoreError>> {
        match self.groups.fence(hold).await? {
            FenceOutcome::Booked(booking) => {
                self.ports.settler.add(hold);
                Ok(Some(Resolution::Booked(booking)))
            }
            FenceOutcome::Void => {
                self.release(hold).await;
                Ok(Some(Resolution::Gone))
            }
            FenceOutcome::Busy => Ok(None),
        }
    }
}
