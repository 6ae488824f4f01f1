//! `POST /api/bookings/create-booking`.

use actix_web::http::StatusCode;

use super::input::{NewBookingBody, wish};
use crate::dto::BookingDto;
use crate::extract::{Call, Customer};
use crate::handlers::{Answer, answer_once};
use crate::openapi::parameters::IdempotencyHeader;

/// Books tickets for the caller.
#[utoipa::path(
    post, path = "/api/bookings/create-booking", operation_id = "createBooking",
    summary = "Book tickets",
    params(IdempotencyHeader),
    request_body = NewBookingBody,
    responses((
        status = 201, description = "The booking, made now or by an earlier request with the same key.",
        body = BookingDto<'_>,
        links(("cancel" = (operation_id = "cancelBooking", parameters(("bookingId" = "$response.body#/id"))))),
    )),
)]
pub(crate) async fn create_booking(Customer(by): Customer, mut call: Call) -> Answer {
    let wish = wish(&call.json().await?, call.idempotency_key())?;
    let (bookings, origin) = (&call.services()?.bookings, call.origin()?);
    let booked = bookings.book(wish, by, &origin).await?;
    Ok(answer_once(StatusCode::CREATED, booked.replayed).json(BookingDto::from(&booked.value)))
}
