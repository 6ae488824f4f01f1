//! `GET /api/bookings/my-bookings/paginate`.

use actix_web::HttpResponse;
use actix_web::http::header::LINK;

use crate::dto::{BookingDto, BookingPage, PageDto};
use crate::extract::{Call, Customer};
use crate::handlers::Answer;
use crate::openapi::parameters::PageQuery;

/// A page of the caller's bookings.
#[utoipa::path(
    get, path = "/api/bookings/my-bookings/paginate", operation_id = "paginateMyBookings",
    summary = "List the caller's bookings",
    description = "Newest first, each with a short view of its event.",
    params(PageQuery),
    responses((status = 200, description = "A page of bookings.", body = BookingPage, headers(("Link")))),
)]
pub(crate) async fn paginate_mine(Customer(by): Customer, call: Call) -> Answer {
    let request = call.page()?;
    let bookings = &call.services()?.bookings;
    let page = bookings.list_mine(by.user_id, request).await?;
    Ok(HttpResponse::Ok()
        .insert_header((LINK, call.links().numbered(request, page.total)))
        .json(PageDto::new(request, &page, BookingDto::with_event)))
}
