//! `GET /api/bookings/my-bookings/paginate`.

use actix_web::HttpResponse;

use crate::dto::{BookingDto, PageDto};
use crate::extract::{Call, Customer};
use crate::handlers::Answer;

/// A page of the caller's bookings.
pub(crate) async fn paginate_mine(Customer(by): Customer, call: Call) -> Answer {
    let request = call.page()?;
    let bookings = &call.services()?.bookings;
    let page = bookings.list_mine(by.user_id, request).await?;
    Ok(HttpResponse::Ok().json(PageDto::new(request, &page, BookingDto::with_event)))
}
