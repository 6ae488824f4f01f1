//! `GET /api/events/paginate`.

use actix_web::HttpResponse;

use crate::dto::{EventDto, PageDto};
use crate::extract::{Call, SignedIn};
use crate::handlers::Answer;

/// A page of all events.
pub(crate) async fn paginate(_: SignedIn, call: Call) -> Answer {
    let request = call.page()?;
    let page = call.services()?.events.list(request).await?;
    Ok(HttpResponse::Ok().json(PageDto::new(request, &page, EventDto::from)))
}
