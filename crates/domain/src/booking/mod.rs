//! Bookings: who has how many tickets of which event.

mod cancel;
mod entity;
mod flow;
mod groups;
mod meter;
mod ports;
mod resolve;
mod service;
#[cfg(test)]
mod tests;
mod use_cases;

pub use entity::{Booking, BookingId, BookingStatus, Quantity};
pub use ports::{
    BookingRepository, CancelOutcome, Cancellation, Cancelled, CommitError, CommitOutcome,
    FenceOutcome, KeyedRequest, NewBooking, OutboxId, OutboxRepository, OutboxRow, PendingWork,
    ReservationRow,
};
#[cfg(any(test, feature = "testing"))]
pub use ports::{MockBookingRepository, MockOutboxRepository};
pub use service::{BookingPorts, BookingService, BookingSettings};
#[cfg(any(test, feature = "testing"))]
pub use use_cases::MockBookingUseCases;
pub use use_cases::{BookError, BookTickets, BookingUseCases, BookingWithEvent, CancelError};
