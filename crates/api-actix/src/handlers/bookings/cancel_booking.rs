//! `DELETE /api/bookings/{bookingId}/cancel-booking`.

use actix_web::HttpResponse;

use crate::dto::BookingDto;
use crate::extract::{Call, Customer};
use crate::handlers::Answer;

/// Cancels a booking of the caller's, or anybody's for an admin.
pub(crate) async fn cancel_booking(Customer(by): Customer, call: Call) -> Answer {
    let (id, origin) = (call.booking_id()?, call.origin()?);
    let booking = call.services()?.bookings.cancel(id, by, &origin).await?;
    Ok(HttpResponse::Ok().json(BookingDto::from(&booking)))
}
