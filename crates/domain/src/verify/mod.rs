//! Verifying: whether the stock of every event agrees with its bookings, beside servers that go on
//! selling, and mending what does not.
//!
//! The two stores share no clock and no transaction, and no order of two reads of them is enough. But
//! every step that moves stock bumps a counter in the event's document. So a look reads the document,
//! freezes the bookings, and reads the counter again: if it stands where it stood, the stock was the same
//! throughout, also at the moment of the freezing, and for that moment the equation must hold exactly. The
//! slow sums run later, in the frozen picture. If it moved, the event is looked at again.

mod balance;
mod look;
mod ports;
mod repair;
mod report;
mod suspects;
#[cfg(test)]
mod tests;
mod verification;

pub use balance::Balance;
pub use ports::{
    BookingSnapshot, BookingSurvey, ClosedBy, CorrectStock, EventStock, HeldTickets, MAX_EVENTS,
    MAX_RESERVATIONS, StockRepair, StockSurvey, Surveyed, TicketCount, TypeStock,
};
#[cfg(any(test, feature = "testing"))]
pub use ports::{MockBookingSnapshot, MockBookingSurvey, MockStockRepair, MockStockSurvey};
pub use repair::{Repair, RepairPorts};
#[cfg(any(test, feature = "testing"))]
pub use report::MockReport;
pub use report::{Change, Finding, Outcome, Report, Summary};
pub use verification::{Verification, VerifyPorts};
