//! How a booking is made: reserve in the stock, commit with the bookings, settle later.
//!
//! The two databases share no transaction. What keeps them exact is the order of the steps, one id
//! for both sides, and the rule that nothing is guessed: an unknown outcome is either looked up
//! behind a fence or left to recovery.

use std::sync::Arc;

use super::groups::{BookingGroups, ReadFailure, ReserveFailure, WriteFailure};
use super::{
    BookError, BookTickets, Booking, BookingPorts, BookingSettings, CommitOutcome, KeyedRequest,
    NewBooking,
};
use crate::audit::{Action, AuditRecord};
use crate::error::Failure;
use crate::idempotency::{Done, Fingerprint, KeyError, KeyUse, RequestKeys, UserKey};
use crate::request::{Identity, Origin};
use crate::stock::{HoldRef, Refusal, Reservation, ReserveOutcome, TicketType};
use crate::user::Role;

/// How often a reservation is made anew when the reason of its refusal was gone on looking.
const RESERVE_TRIES: usize = 3;

/// Makes and cancels bookings.
#[derive(Clone)]
pub(super) struct BookingFlow {
    pub(super) ports: BookingPorts,
    pub(super) settings: BookingSettings,
    pub(super) groups: Arc<BookingGroups>,
    pub(super) keys: RequestKeys,
}

/// One request to book.
struct Request<'a> {
    wish: &'a BookTickets,
    by: Identity,
    origin: &'a Origin,
    ticket_type: TicketType,
    key: Option<KeyUse>,
}

impl BookingFlow {
    pub(super) async fn book(
        &self,
        wish: BookTickets,
        by: Identity,
        origin: &Origin,
    ) -> Result<Done<Booking>, BookError> {
        let ticket_type = TicketType::general();
        let key = wish.key.clone().map(|key| KeyUse {
            key,
            fingerprint: Fingerprint::of_booking(wish.event_id, &ticket_type, wish.quantity),
        });
        let request = Request {
            wish: &wish,
            by,
            origin,
            ticket_type,
            key,
        };
        // This look only saves work: what decides is the unique key in the booking's own row.
        if let Some(earlier) = self.replay(&request).await? {
            return Ok(earlier);
        }
        // Each reserve that cannot be followed by a commit is a hold that only recovery takes away, in
        // a document that every update rewrites.
        if !self.ports.health.is_up(self.settings.bookings_store) {
            return Err(Failure::unavailable("the bookings' store is away").into());
        }
        match self.reserve(&request).await {
            Ok(hold) => self.commit(&request, hold).await,
            // The first request of the key may have been booked between our look and our reserve: then
            // "sold out" would be the wrong answer to a request that succeeded.
            Err(refusal) if refusal.is_refusal() => self.replay(&request).await?.ok_or(refusal),
            Err(failure) => Err(failure),
        }
    }

    /// What an earlier request under the same key was answered, if there was one.
    async fn replay(&self, request: &Request<'_>) -> Result<Option<Done<Booking>>, BookError> {
        let Some(used) = &request.key else {
            return Ok(None);
        };
        let key = UserKey {
            user_id: request.by.user_id,
            key: used.key.clone(),
        };
        match self.groups.find_by_key(key).await.map_err(unread)? {
            None => self.check_event_keys(request, used).await.map(|()| None),
            Some(KeyedRequest {
                fingerprint,
                booking: Some(booking),
            }) if fingerprint == used.fingerprint => Ok(Some(Done::before(booking.as_made()))),
            Some(_) => Err(KeyError::Mismatch.into()),
        }
    }

    /// Refuses a key that changed an event. Nobody but admins does, so this costs nobody else anything.
    async fn check_event_keys(
        &self,
        request: &Request<'_>,
        used: &KeyUse,
    ) -> Result<(), BookError> {
        if request.by.role != Role::Admin {
            return Ok(());
        }
        let hash = used.key.hash_for(request.by.user_id);
        match self
            .ports
            .events
            .find_by_key(&hash)
            .await
            .map_err(Failure::from)?
        {
            Some(_) => Err(KeyError::Mismatch.into()),
            None => Ok(()),
        }
    }

    /// Takes the tickets from the stock, or finds out why not.
    async fn reserve(&self, request: &Request<'_>) -> Result<HoldRef, BookError> {
        for _ in 0..RESERVE_TRIES {
            let reservation = self.new_reservation(request);
            let hold = reservation.hold_ref();
            match self.send_reservation(reservation).await? {
                ReserveOutcome::Granted => return Ok(hold),
                ReserveOutcome::Refused(Refusal::Moved) => {}
                ReserveOutcome::Refused(refusal) => return Err(refused(refusal)),
            }
        }
        Err(Failure::unavailable("the stock kept moving").into())
    }

    fn new_reservation(&self, request: &Request<'_>) -> Reservation {
        let user_id = request.by.user_id;
        Reservation {
            id: self.ports.runtime.ids.reservation_id(),
            event_id: request.wish.event_id,
            ticket_type: request.ticket_type.clone(),
            user_id,
            quantity: request.wish.quantity,
            key_hash: request.key.as_ref().map(|used| used.key.hash_for(user_id)),
        }
    }

    /// Sends one reservation, once.
    async fn send_reservation(
        &self,
        reservation: Reservation,
    ) -> Result<ReserveOutcome, BookError> {
        let hold = reservation.hold_ref();
        let failure = match self.groups.reserve(reservation).await {
            Ok(outcome) => return Ok(outcome),
            Err(ReserveFailure::Full) => Failure::unavailable("too many bookings are waiting"),
            Err(ReserveFailure::NotExecuted(error)) => Failure::from(error),
            Err(ReserveFailure::TooLate) => {
                self.abandon(hold);
                Failure::unavailable("the reservation took too long")
            }
            Err(ReserveFailure::Unknown(error)) => {
                self.abandon(hold);
                Failure::unavailable(error)
            }
            Err(ReserveFailure::BrokenOff) => {
                self.abandon(hold);
                Failure::unavailable("the reservation's outcome is not known")
            }
        };
        Err(failure.into())
    }

    /// Turns a hold into a booking.
    async fn commit(
        &self,
        request: &Request<'_>,
        hold: HoldRef,
    ) -> Result<Done<Booking>, BookError> {
        let booking = self.new_booking(request, hold);
        match self.groups.commit(booking).await {
            Ok(outcome) => self.committed(request, hold, outcome).await,
            // Every sending was answered with a refusal: no fence is needed.
            Err(WriteFailure::RolledBack(error)) => {
                self.release(hold).await;
                Err(Failure::from(error).into())
            }
            Err(WriteFailure::Unknown(error)) => {
                tracing::warn!(
                    error = crate::error::chain(&error),
                    "a commit has an unknown outcome"
                );
                self.resolve_booking(hold).await
            }
        }
    }

    async fn committed(
        &self,
        request: &Request<'_>,
        hold: HoldRef,
        outcome: CommitOutcome,
    ) -> Result<Done<Booking>, BookError> {
        match outcome {
            CommitOutcome::Booked(booking) => {
                self.ports.settler.add(hold);
                self.ports.relay.wake();
                Ok(Done::now(booking))
            }
            CommitOutcome::UserGone => {
                self.release(hold).await;
                Err(BookError::UserGone)
            }
            CommitOutcome::Busy => {
                self.release(hold).await;
                Err(Failure::unavailable("a row of the booking is locked by somebody else").into())
            }
            CommitOutcome::KeyTaken => {
                self.release(hold).await;
                self.replay(request)
                    .await?
                    .ok_or(KeyError::InProgress.into())
            }
            // A row with our id may be a commit of ours that was thought lost, or a fence.
            CommitOutcome::ReservationTaken | CommitOutcome::Unknown => {
                self.resolve_booking(hold).await
            }
        }
    }

    fn new_booking(&self, request: &Request<'_>, hold: HoldRef) -> NewBooking {
        let runtime = &self.ports.runtime;
        let (created_at, quantity) = (runtime.clock.now(), request.wish.quantity);
        let audit = AuditRecord::new(
            runtime.ids.audit_id(),
            created_at,
            Action::Book,
            request.origin,
        )
        .by(request.by)
        .with("eventId", hold.event_id.to_string())
        .with("quantity", quantity.get());
        NewBooking {
            reservation_id: hold.reservation_id,
            event_id: hold.event_id,
            user_id: request.by.user_id,
            ticket_type: request.ticket_type.clone(),
            quantity,
            created_at,
            key: request.key.clone(),
            audit,
        }
    }
}

fn unread(error: ReadFailure) -> Failure {
    match error {
        ReadFailure::Full => Failure::unavailable("too many bookings are waiting"),
        ReadFailure::Failed(error) => Failure::from(error),
    }
}

/// What a refusal means to the one who wanted to book.
fn refused(refusal: Refusal) -> BookError {
    match refusal {
        Refusal::EventNotFound => BookError::EventNotFound,
        Refusal::EventEnded => BookError::EventEnded,
        Refusal::SoldOut => BookError::SoldOut,
        Refusal::KeyInFlight => BookError::Key(KeyError::InProgress),
        Refusal::Closing => Failure::unavailable("the event is being deleted").into(),
        Refusal::TooManyHolds => Failure::unavailable("the event has too many holds").into(),
        Refusal::Moved => Failure::unavailable("the stock kept moving").into(),
    }
}
