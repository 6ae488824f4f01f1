//! How an event is deleted while others may be booking it: look for bookings, close, wait for the holds,
//! look for bookings again, delete.

use std::sync::Arc;
use std::time::Duration;

use super::{DeleteEventError, Event, EventId, ExpectedRevision};
use crate::booking::BookingRepository;
use crate::error::{Failure, chain};
use crate::idempotency::{KeyClaim, KeyError};
use crate::runtime::Runtime;
use crate::stock::{ClosingState, ClosingToken, DeleteOutcome, Settler, StockRepository};

/// The time between two looks at the holds.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How often the holds are looked at: a little longer than another instance takes to settle.
const LOOKS: usize = 12;

/// Why an event is not known to be deleted.
pub(super) enum NotDeleted {
    /// It was not.
    Refused(DeleteEventError),
    /// Nobody knows whether it was: the store failed over the last step.
    Unknown(Failure),
}

impl<E: Into<DeleteEventError>> From<E> for NotDeleted {
    fn from(error: E) -> Self {
        Self::Refused(error.into())
    }
}

/// One try to delete an event.
pub(super) struct Deletion {
    pub(super) stock: Arc<dyn StockRepository>,
    pub(super) bookings: Arc<dyn BookingRepository>,
    pub(super) settler: Arc<Settler>,
    pub(super) runtime: Runtime,
}

impl Deletion {
    /// Deletes the event and returns what it was.
    ///
    /// The revision is asked for twice, each time in the step that writes: when the event is closed, so
    /// that a deletion that comes too late does not keep anybody from booking, and when it is deleted,
    /// because somebody may edit it in between.
    pub(super) async fn run(
        &self,
        event: EventId,
        expected: ExpectedRevision,
        key: Option<KeyClaim>,
    ) -> Result<Event, NotDeleted> {
        // Bookings never disappear, so one that is there is the end of it, and nobody is kept from booking
        // meanwhile. That there is none means nothing yet.
        if self
            .bookings
            .any_booking_of(event)
            .await
            .map_err(Failure::from)?
        {
            return Err(DeleteEventError::HasBookings.into());
        }
        // A token of its own per try, sent once: a late duplicate of an earlier close, or of an earlier
        // delete, can then do nothing to this one.
        let token = self.runtime.ids.closing_token();
        let state = match self.stock.close(event, token, &expected).await {
            Ok(state) => state,
            // It may be closed all the same, and nobody could book until recovery comes.
            Err(error) => {
                self.reopen(event, token).await;
                return Err(Failure::from(error).into());
            }
        };
        match state {
            ClosingState::Gone => Err(DeleteEventError::NotFound.into()),
            ClosingState::Outdated => Err(DeleteEventError::Outdated.into()),
            ClosingState::NotMine if key.is_some() => Err(KeyError::InProgress.into()),
            ClosingState::NotMine => {
                Err(Failure::unavailable("somebody else is deleting the event").into())
            }
            ClosingState::Holds | ClosingState::Clear => {
                let result = self
                    .delete_closed(event, token, &expected, key.as_ref())
                    .await;
                if result.is_err() {
                    self.reopen(event, token).await;
                }
                result
            }
        }
    }

    async fn delete_closed(
        &self,
        event: EventId,
        token: ClosingToken,
        expected: &ExpectedRevision,
        key: Option<&KeyClaim>,
    ) -> Result<Event, NotDeleted> {
        self.wait_for_holds(event, token).await?;
        // Only now: a hold leaves after its booking is there or can never come, so once there are no
        // holds no booking can come any more. Looking the other way round misses one in between.
        if self
            .bookings
            .any_trace_of(event)
            .await
            .map_err(Failure::from)?
        {
            return Err(DeleteEventError::HasBookings.into());
        }
        let deleted = self.stock.delete_closed(event, token, expected, key).await;
        match deleted.map_err(|error| NotDeleted::Unknown(error.into()))? {
            DeleteOutcome::Deleted(event) => Ok(*event),
            DeleteOutcome::Outdated => Err(DeleteEventError::Outdated.into()),
            DeleteOutcome::KeyTaken => Err(KeyError::InProgress.into()),
            DeleteOutcome::Refused => {
                Err(Failure::unavailable("the event was opened again meanwhile").into())
            }
        }
    }

    async fn wait_for_holds(&self, event: EventId, token: ClosingToken) -> Result<(), Failure> {
        for _ in 0..LOOKS {
            self.settler.flush().await?;
            match self.stock.closing_state(event, token).await? {
                ClosingState::Clear => return Ok(()),
                ClosingState::Holds => self.runtime.timer.sleep(LOOK_AGAIN).await,
                ClosingState::NotMine | ClosingState::Outdated | ClosingState::Gone => {
                    return Err(Failure::unavailable("the event was opened again meanwhile"));
                }
            }
        }
        Err(Failure::unavailable(
            "bookings of the event are on their way",
        ))
    }

    /// Opens the event again; if that fails, recovery does it.
    async fn reopen(&self, event: EventId, token: ClosingToken) {
        if let Err(error) = self.stock.reopen(event, token).await {
            tracing::warn!(error = chain(&error), event_id = %event, "an event stays closed until recovery opens it");
        }
    }
}
