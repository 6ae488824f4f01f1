//! `/api/bookings`: who has how many tickets.

pub(crate) mod cancel_booking;
pub(crate) mod create_booking;
mod input;
pub(crate) mod paginate_mine;
