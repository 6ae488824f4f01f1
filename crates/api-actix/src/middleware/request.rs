//! The outermost layer: a request's id, its span, its access line, the body of its problem.

use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, CONTENT_TYPE, HeaderMap,
    HeaderName, HeaderValue,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use domain::request::RequestId;
use tracing::Instrument;

use super::security_headers;
use crate::extract::{ClientAddress, client_address};
use crate::metric::{self, RoutePattern};
use crate::problem::{PROBLEM_JSON, Problem};
use crate::server::{AnsweredRequest, HttpState};
use crate::trace_context::TraceContext;

/// Carries the request's id, in and out.
pub(crate) const REQUEST_ID: &str = "X-Request-Id";

/// Gives the request its id and the client's address, and finishes whatever is answered.
pub(crate) async fn request_scope(
    state: web::Data<HttpState>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let sent = request_id(request.headers());
    let is_made = sent.is_none();
    let id = sent.unwrap_or_else(|| (state.new_request_id)());
    // An id of our own makes a trace's as well; of one that was sent nobody knows how often it was.
    let new_id = || match is_made {
        true => id.clone(),
        false => (state.new_request_id)(),
    };
    let peer = request.peer_addr().map(|peer| peer.ip());
    let client = client_address(peer, request.headers(), &state.trusted_proxies);
    request.extensions_mut().insert(ClientAddress(client));
    request.extensions_mut().insert(id.clone());
    let (method, started) = (known_method(request.method()), Instant::now());
    let trace = TraceContext::of(request.headers(), new_id);
    // An error's span, so that it is there whenever any line is. What it shows is made only if somebody
    // listens.
    let span = tracing::error_span!(
        "request",
        request_id = %id,
        trace_id = %trace.trace_id
    );
    let speaks_tls = state.speaks_tls;
    let finish = move |response, id: &RequestId| finish(response, id, speaks_tls);
    async move {
        let answer = next.call(request).await;
        let answer = answer.map(|response| {
            let (request, response) = response.into_parts();
            let response = finish(response.map_into_boxed_body(), &id);
            ServiceResponse::new(request, response)
        });
        // No layer below gives up without a response; if one ever does, its answer has the shape.
        let answer = answer.map_err(|error| {
            let response = finish(HttpResponse::from_error(error), &id);
            InternalError::from_response("answered outside of a route", response).into()
        });
        let (route, status) = outcome(&answer);
        let answered = AnsweredRequest {
            id: &id,
            trace,
            method,
            route,
            status,
            took: started.elapsed(),
        };
        note(&answered);
        if let Some(on_answer) = &state.on_answer {
            on_answer(&answered);
        }
        answer
    }
    .instrument(span)
    .await
}

/// The id that the client sent; two are none.
fn request_id(headers: &HeaderMap) -> Option<RequestId> {
    let mut values = headers.get_all(HeaderName::from_static("x-request-id"));
    let id = RequestId::parse(values.next()?.to_str().ok()?)?;
    values.next().is_none().then_some(id)
}

/// Writes the problem's body, if there is one, and the headers of every answer.
fn finish(mut response: HttpResponse, id: &RequestId, speaks_tls: bool) -> HttpResponse {
    let problem = response.extensions_mut().remove::<Problem>();
    let mut response = match problem.or_else(|| framework_refusal(&response)) {
        Some(problem) => write(&problem, response, id),
        None => response,
    };
    let headers = response.headers_mut();
    security_headers::set(headers, speaks_tls);
    // The CORS layer names the readable headers to everybody; without an origin it means nothing.
    if !headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.remove(ACCESS_CONTROL_EXPOSE_HEADERS);
    }
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
    response
}

/// An error that the framework or one of its middlewares answered by itself, in its own words.
fn framework_refusal(response: &HttpResponse) -> Option<Problem> {
    let status = response.status();
    let refused = status.is_client_error() || status.is_server_error();
    refused.then(|| Problem::for_status(status))
}

fn write(problem: &Problem, mut response: HttpResponse, id: &RequestId) -> HttpResponse {
    problem.log();
    *response.status_mut() = problem.code.status();
    let media_type = HeaderValue::from_static(PROBLEM_JSON);
    response.headers_mut().insert(CONTENT_TYPE, media_type);
    response.set_body(BoxBody::new(problem.body(id)))
}

/// The pattern of the route that answered, or `none`, and the status.
fn outcome(answer: &Result<ServiceResponse, Error>) -> (&'static str, u16) {
    let (route, status) = match answer {
        Ok(answer) => (answer.request().app_data(), answer.status()),
        Err(_) => (None, StatusCode::INTERNAL_SERVER_ERROR),
    };
    let RoutePattern(route) = route.unwrap_or(&RoutePattern("none"));
    (route, status.as_u16())
}

/// Measures a request, and logs it under the target `access`, so that a line for each can be left out by
/// itself. Neither has the client's address, query, body or token.
fn note(answered: &AnsweredRequest<'_>) {
    let AnsweredRequest {
        method,
        route,
        status,
        took,
        ..
    } = *answered;
    metric::note(route, method, status, took);
    tracing::info!(
        target: "access",
        method,
        route,
        status,
        ms = (took.as_secs_f64() * 10_000.0).round() / 10.0,
        "request answered"
    );
}

/// A method that is none of the usual is the client's own text and neither for the log nor for the metrics.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
