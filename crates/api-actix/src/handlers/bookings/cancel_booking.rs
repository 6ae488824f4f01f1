//! `DELETE /api/bookings/{bookingId}/cancel-booking`.

use actix_web::HttpResponse;

use crate::dto::BookingDto;
use crate::extract::{Call, Customer};
use crate::handlers::Answer;
use crate::openapi::parameters::BookingInPath;

/// Cancels a booking of the caller's, or anybody's for an admin.
#[utoipa::path(
    delete, path = "/api/bookings/{bookingId}/cancel-booking", operation_id = "cancelBooking",
    summary = "Cancel a booking",
    description = "The caller's own, or anybody's for an admin. Somebody else's booking is not found.",
    params(BookingInPath),
    responses((status = 200, description = "The booking, cancelled.", body = BookingDto<'_>)),
)]
pub(crate) async fn cancel_booking(Customer(by): Customer, call: Call) -> Answer {
    let (id, origin) = (call.booking_id()?, call.origin()?);
    let booking = call.services()?.bookings.cancel(id, by, &origin).await?;
    Ok(HttpResponse::Ok().json(BookingDto::from(&booking)))
}
