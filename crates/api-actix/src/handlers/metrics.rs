//! `GET /metrics`, on the admin listener.

use actix_web::http::header::{CONTENT_TYPE, HeaderValue};
use actix_web::{HttpResponse, web};

use crate::admin::ReadMetrics;
use crate::handlers::Answer;

/// The media type of Prometheus' text format.
const TEXT_FORMAT: HeaderValue =
    HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// Everything that is measured, as it is now.
pub(crate) async fn metrics(read: web::Data<ReadMetrics>) -> Answer {
    let mut response = HttpResponse::Ok();
    response.insert_header((CONTENT_TYPE, TEXT_FORMAT));
    Ok(response.body(read()))
}
