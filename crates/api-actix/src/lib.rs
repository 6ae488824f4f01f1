//! The HTTP interface: every route, its bodies and its answers. It knows the use cases of the
//! domain and nothing of what is behind them.
//!
//! A request passes the middlewares, then a handler that parses, calls a use case and presents.
//! [`bind`] puts it all on a socket; [`bind_admin`] puts metrics and health on another.

mod admin;
mod dto;
mod error_code;
mod extract;
mod handlers;
mod links;
mod metric;
mod middleware;
mod openapi;
mod problem;
mod refusals;
mod router;
mod server;
#[cfg(test)]
mod tests;
mod trace_context;

pub use admin::{AdminSettings, ReadMetrics, bind_admin};
pub use dto::LogRecordDto;
pub use metric::METRICS;
pub use openapi::openapi_json;
pub use server::{
    AnsweredRequest, HttpSettings, NewRequestId, OnAnswer, RateLimits, Services, bind,
};
pub use trace_context::{TraceContext, TraceId};
