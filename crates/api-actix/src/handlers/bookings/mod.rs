//! `/api/bookings`: who has how many tickets.

mod cancel_booking;
mod create_booking;
mod input;
mod paginate_mine;

pub(crate) use cancel_booking::cancel_booking;
pub(crate) use create_booking::{REPLAYED, create_booking};
pub(crate) use paginate_mine::paginate_mine;
