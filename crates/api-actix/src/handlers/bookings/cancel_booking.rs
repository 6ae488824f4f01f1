//! `DELETE /api/bookings/{bookingId}/cancel-booking`.

use actix_web::http::StatusCode;

use crate::dto::BookingDto;
use crate::extract::{Call, Customer};
use crate::handlers::{Answer, answer_once};
use crate::openapi::parameters::{BookingInPath, IdempotencyHeader};

/// Cancels a booking of the caller's, or anybody's for an admin.
#[utoipa::path(
    delete, path = "/api/bookings/{bookingId}/cancel-booking", operation_id = "cancelBooking",
    summary = "Cancel a booking",
    description = "The caller's own, or anybody's for an admin. Somebody else's booking is not found.",
    params(BookingInPath, IdempotencyHeader),
    responses((status = 200, description = "The booking, cancelled.", body = BookingDto<'_>)),
)]
pub(crate) async fn cancel_booking(Customer(by): Customer, call: Call) -> Answer {
    let (id, origin) = (call.booking_id()?, call.origin()?);
    let key = call.key_use("")?;
    let bookings = &call.services()?.bookings;
    let cancelled = bookings.cancel(id, by, key, &origin).await?;
    Ok(answer_once(StatusCode::OK, cancelled.replayed).json(BookingDto::from(&cancelled.value)))
}
