//! The stock of an event's tickets: what is available, what is held, what came back.

mod ports;
mod recovery;
mod relay;
mod reservation;
mod settler;
#[cfg(test)]
mod tests;

#[cfg(any(test, feature = "testing"))]
pub use ports::MockStockRepository;
pub use ports::{MAX_HOLDS, ReserveError, StockRepository};
pub use recovery::{Recovered, Recovery};
pub use relay::Relay;
pub use reservation::{
    ClosingState, ClosingToken, DeleteOutcome, Hold, HoldRef, KeyHash, Refusal, Reservation,
    ReservationId, ReserveOutcome, StaleClosing, StockBatch, StockReturn, TicketType,
};
pub use settler::Settler;
