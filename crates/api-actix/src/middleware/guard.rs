//! The last thing before a handler: no handler hangs and none takes the connection down.

use std::panic::AssertUnwindSafe;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, web};
use futures_util::FutureExt;

use crate::extract::ReadingBody;
use crate::problem::Problem;
use crate::server::HttpState;

/// Answers 503 when the handler is not done within the deadline, and 500 when it panics.
pub(crate) async fn guard(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    // The path is matched by now: only then may a request be held twice.
    let held = request.request().clone();
    let Some(state) = held.app_data::<web::Data<HttpState>>().cloned() else {
        return Ok(request.error_response(Problem::internal("no state".to_owned())));
    };
    let answer = AssertUnwindSafe(next.call(request)).catch_unwind();
    let problem = match tokio::time::timeout(state.request_deadline, answer).await {
        Ok(Ok(response)) => return Ok(response?.map_into_boxed_body()),
        Ok(Err(_)) => Problem::internal("a handler panicked".to_owned()),
        Err(_) => too_late(&held),
    };
    Ok(ServiceResponse::from_err(problem, held))
}

fn too_late(request: &HttpRequest) -> Problem {
    if request.extensions().contains::<ReadingBody>() {
        Problem::malformed("The body did not arrive in time.").closing()
    } else {
        Problem::unavailable("the handler was not done within the deadline".to_owned())
    }
}
