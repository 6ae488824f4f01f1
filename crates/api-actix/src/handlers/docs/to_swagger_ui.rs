//! `GET /docs`.

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;

use super::UI;
use crate::handlers::Answer;

/// Leads on to the page: its files have names relative to it.
#[utoipa::path(
    get, path = "/docs", operation_id = "toSwaggerUi",
    summary = "Go to Swagger UI",
    responses((
        status = 308, description = "The page is at `/docs/`.",
        headers(("Location" = String, description = "`/docs/`")),
    )),
)]
pub(crate) async fn to_swagger_ui() -> Answer {
    Ok(HttpResponse::PermanentRedirect()
        .insert_header((LOCATION, UI))
        .finish())
}
