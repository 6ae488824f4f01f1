//! Traces: a span for each request, sent to an OpenTelemetry collector by OTLP over HTTP.
//!
//! The span is made when the request is answered, from what is known then, and handed to a queue that a
//! thread of its own empties. When the collector is slow or away the queue fills, and spans are dropped: no
//! request waits for it. <https://opentelemetry.io/docs/specs/otlp/>

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use api_actix::{AnsweredRequest, OnAnswer};
use domain::runtime::Clock;
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, SpanData, SpanEvents, SpanLinks, SpanProcessor,
};
use reqwest::blocking::Client;
use reqwest::redirect::Policy;

use crate::config::TraceExport;

/// The longest that the collector may take for one batch.
const EXPORT_LIMIT: Duration = Duration::from_secs(5);
/// The longest that the last spans may take at the end.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);
/// Spans that wait to be sent; beyond it they are dropped.
const MAX_WAITING: usize = 8_192;

/// The spans that wait to be sent.
pub(crate) struct Traces {
    processor: Arc<BatchSpanProcessor>,
}

impl Traces {
    /// Starts to take spans for that collector, which need not be there.
    pub(crate) fn start(export: &TraceExport) -> Result<Self, String> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client()?)
            .with_endpoint(export.traces_url())
            .with_timeout(EXPORT_LIMIT)
            .build()
            .map_err(|error| format!("OTEL_EXPORTER_OTLP_ENDPOINT: {error}"))?;
        let limits = BatchConfigBuilder::default().with_max_queue_size(MAX_WAITING);
        let builder = BatchSpanProcessor::builder(exporter).with_batch_config(limits.build());
        let mut processor = builder.build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource = Resource::builder_empty()
            .with_service_name(export.service_name.clone())
            .with_attribute(version);
        processor.set_resource(&resource.build());
        Ok(Self {
            processor: Arc::new(processor),
        })
    }

    /// What makes a span of each answered request that is part of a recorded trace.
    pub(crate) fn observer(&self, clock: &Arc<dyn Clock>) -> OnAnswer {
        let clock = Arc::clone(clock);
        let processor = Arc::clone(&self.processor);
        let scope = InstrumentationScope::builder("boxoffice").build();
        Arc::new(move |answered| {
            if answered.trace.is_sampled {
                let now = clock.now().millis();
                processor.on_end(span(answered, now, scope.clone()));
            }
        })
    }

    /// Sends what waits, as far as that is quickly done.
    pub(crate) async fn end(self) {
        let end =
            tokio::task::spawn_blocking(move || self.processor.shutdown_with_timeout(FLUSH_LIMIT));
        if !matches!(tokio::time::timeout(FLUSH_LIMIT, end).await, Ok(Ok(Ok(())))) {
            tracing::warn!("some spans were not sent");
        }
    }
}

/// A client that speaks to the collector and to nobody else: neither an answer nor a variable that was meant
/// for other programs sends it elsewhere. It is made in a thread of its own, for it refuses to be made on a
/// runtime.
fn client() -> Result<Client, String> {
    let client = std::thread::spawn(|| {
        let client = Client::builder().timeout(EXPORT_LIMIT);
        client.no_proxy().redirect(Policy::none()).build()
    });
    let built = client.join().map_err(|_| "broke off".to_owned());
    let built = built.and_then(|client| client.map_err(|error| error.to_string()));
    built.map_err(|error| format!("the client of the collector: {error}"))
}

/// The span of a request that was answered at `now` (milliseconds since 1970), by the conventions for HTTP:
/// <https://opentelemetry.io/docs/specs/semconv/http/http-spans/>. Nothing in it is the client's own text
/// but the ids.
fn span(answered: &AnsweredRequest<'_>, now: i64, scope: InstrumentationScope) -> SpanData {
    let trace = &answered.trace;
    let trace_id = TraceId::from(trace.trace_id.get());
    let span_id = SpanId::from(rand::random_range(1..=u64::MAX));
    let end = SystemTime::UNIX_EPOCH + Duration::from_millis(now.unsigned_abs());
    let is_error = answered.status >= 500;
    SpanData {
        span_context: SpanContext::new(
            trace_id,
            span_id,
            TraceFlags::SAMPLED,
            false,
            TraceState::NONE,
        ),
        parent_span_id: trace.parent_id.map_or(SpanId::INVALID, SpanId::from),
        parent_span_is_remote: trace.parent_id.is_some(),
        span_kind: SpanKind::Server,
        name: format!("{} {}", answered.method, answered.route).into(),
        start_time: end.checked_sub(answered.took).unwrap_or(end),
        end_time: end,
        attributes: vec![
            KeyValue::new("http.request.method", answered.method),
            KeyValue::new("http.route", answered.route),
            KeyValue::new("http.response.status_code", i64::from(answered.status)),
            KeyValue::new("boxoffice.request_id", answered.id.to_string()),
        ],
        dropped_attributes_count: 0,
        events: SpanEvents::default(),
        links: SpanLinks::default(),
        status: if is_error {
            Status::error("")
        } else {
            Status::Unset
        },
        instrumentation_scope: scope,
    }
}
