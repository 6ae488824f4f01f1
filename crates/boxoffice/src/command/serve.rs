//! `boxoffice serve`: from configuration to a drained end, top to bottom.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use api_actix::{HttpSettings, RateLimits};
use domain::checkpoint::{Apart, Checkpoints};
use domain::error::chain;
use domain::health::{HealthMonitor, Probe};
use domain::request::RequestId;
use domain::runtime::{Spawner, StopSignal};
use futures_util::future::try_join_all;
use tokio::sync::mpsc;

use super::admin_listener::AdminListener;
use super::announcement::announce;
use super::in_words;
use crate::backend::{self, Backend, SchemaGate};
use crate::config::{Config, Storage};
use crate::platform::{self, Tasks};
use crate::telemetry::{Metrics, Traces};
use crate::tls::Certificates;
use crate::{app, secret};

/// How long the start waits for the databases before it serves without them.
const FIRST_LOOK: Duration = Duration::from_secs(2);
/// The time between two looks at stores that are away.
const AGAIN: Duration = Duration::from_millis(500);
/// How long tasks may take to end once the last request is answered.
const TASKS_PATIENCE: Duration = Duration::from_secs(2);
/// How long buffers may take to be written at the end.
const FINISH_PATIENCE: Duration = Duration::from_secs(2);
/// The longest that a request takes before it is answered 503.
const REQUEST_DEADLINE: Duration = Duration::from_millis(2_800);

pub(crate) async fn run(config: &Config) -> Result<(), String> {
    warn_about(config);
    let metrics = config.admin.as_ref().map(|_| Metrics::start());
    let metrics = metrics.transpose()?;
    let traces = config.traces.as_ref().map(Traces::start).transpose()?;
    let backend = backend::connect(config).await?;
    let secrets = secret::load(config)?;
    let tasks = Arc::new(Tasks::new());
    let runtime = platform::runtime(&tasks);
    let files = config.http.tls.as_ref();
    let certificates = files.map(|files| Certificates::load(files, &runtime.clock));
    let certificates = certificates.transpose()?;

    let gates: Vec<Arc<SchemaGate>> = gates(&backend);
    let probes = gates
        .iter()
        .map(|gate| Arc::<SchemaGate>::clone(gate) as Arc<dyn Probe>);
    let health = Arc::new(HealthMonitor::new(probes.collect()));
    let app = app::build(&backend, config, &secrets, &runtime, &health);
    let stores = Stores {
        gates,
        checkpoints: Arc::clone(&app.upkeep.checkpoints),
        bookings: backend.bookings_store,
        events: backend.stock_store,
    };
    let mut refusals = look_at(stores, config, &tasks);
    if let Ok(Some(refusal)) = tokio::time::timeout(FIRST_LOOK, refusals.recv()).await {
        return Err(refusal);
    }
    let settings = HttpSettings {
        on_answer: traces
            .as_ref()
            .map(|traces| traces.observer(&runtime.clock)),
        ..http_settings(config, certificates.as_ref())?
    };
    let (server, address) = api_actix::bind(app.services.clone(), settings)
        .map_err(|error| cannot_listen(config, &error))?;
    let samples = backend.samples.clone();
    let read_metrics = metrics.map(|metrics| metrics.reader(samples, runtime.clock.now()));
    let admin = AdminListener::start(app.services, config.admin.as_ref().zip(read_metrics))?;

    let (stop_signal, stop) = StopSignal::new();
    health.start(&runtime, &stop);
    app.upkeep.start(&stop);
    let has_admin = tokio::time::timeout(FIRST_LOOK, backend.users.admin_exists()).await;
    let has_admin = has_admin.ok().and_then(Result::ok);
    announce(
        config,
        backend.description.as_str(),
        has_admin,
        (address, admin.address()),
    );

    if let Some(certificates) = certificates {
        // Ends with the process: there is nothing to finish.
        tokio::spawn(certificates.keep_fresh());
    }
    let handle = server.handle();
    let serving = tokio::spawn(server);
    let ended = until_the_end(&mut refusals).await;
    health.end();
    if ended.is_ok() {
        be_found_ending(config.http.shutdown_delay).await;
    }
    drain(&handle, serving).await;
    stop_signal.send();
    if !tasks.finish(TASKS_PATIENCE).await {
        tracing::warn!("some tasks did not end in time; recovery brings their work to its end");
    }
    let finish = app.upkeep.finish();
    if tokio::time::timeout(FINISH_PATIENCE, finish).await.is_err() {
        tracing::warn!("some buffers were not written in time");
    }
    admin.stop().await;
    if let Some(traces) = traces {
        traces.end().await;
    }
    tracing::info!("drained");
    ended
}

fn cannot_listen(config: &Config, error: &std::io::Error) -> String {
    let (host, port) = (&config.http.host, config.http.port);
    format!(
        "HOST, PORT: cannot listen on {host}:{port}: {error}; choose another, or 0 for a free port"
    )
}

fn warn_about(config: &Config) {
    if config.security.bcrypt_cost < 10 {
        tracing::warn!(
            cost = config.security.bcrypt_cost,
            "BCRYPT_COST is below 10: passwords are weakly protected"
        );
    }
}

fn gates(backend: &Backend) -> Vec<Arc<SchemaGate>> {
    let pairs = backend.schemas.iter().zip(&backend.probes);
    pairs
        .map(|(schema, probe)| Arc::new(SchemaGate::new(Arc::clone(schema), Arc::clone(probe))))
        .collect()
}

/// What must be right about the stores before they are served.
struct Stores {
    gates: Vec<Arc<SchemaGate>>,
    checkpoints: Arc<Checkpoints>,
    bookings: &'static str,
    events: &'static str,
}

/// As soon as the stores are there: checks their schemas, or brings them up, and then whether both are of
/// the same age. What refuses the start comes out of the channel; the channel ends when all is right.
fn look_at(stores: Stores, config: &Config, tasks: &Arc<Tasks>) -> mpsc::Receiver<String> {
    let migrate = matches!(config.storage, Storage::Remote { migrate: true, .. });
    let (sender, receiver) = mpsc::channel(1);
    tasks.spawn(Box::pin(async move {
        tokio::select! {
            right = stores.are_right(migrate) => if let Err(refusal) = right {
                // The receiver is gone when the server is ending anyhow.
                let _ = sender.send(refusal).await;
            },
            () = sender.closed() => {}
        }
    }));
    receiver
}

impl Stores {
    async fn are_right(&self, migrate: bool) -> Result<(), String> {
        let passed = try_join_all(self.gates.iter().map(|gate| gate.pass(migrate))).await;
        passed.map_err(|error| error.to_string())?;
        loop {
            match self.checkpoints.compare().await {
                Ok(None) => return Ok(()),
                Ok(Some(apart)) => return Err(self.tell(apart)),
                Err(error) if error.is_unavailable() => tokio::time::sleep(AGAIN).await,
                Err(error) => return Err(chain(&error)),
            }
        }
    }

    fn tell(&self, apart: Apart) -> String {
        let apart = in_words(apart, self.bookings, self.events);
        format!("{apart}: stop all servers and run `boxoffice verify --repair`")
    }
}

fn http_settings(
    config: &Config,
    certificates: Option<&Arc<Certificates>>,
) -> Result<HttpSettings, String> {
    let http = &config.http;
    let tls = certificates.map(Certificates::server_config).transpose()?;
    Ok(HttpSettings {
        tls,
        host: http.host.clone(),
        port: http.port,
        workers: None,
        rate_limit: http.limits.map(|limits| RateLimits {
            per_second: limits.per_second,
            burst: limits.burst,
            auth_per_minute: limits.auth_per_minute,
            auth_burst: limits.auth_burst,
        }),
        trusted_proxies: http.trusted_proxies.clone(),
        cors_origins: http.cors_origins.clone(),
        first_admin_from_loopback: matches!(config.storage, Storage::Embedded { .. }),
        request_deadline: REQUEST_DEADLINE,
        new_request_id: Arc::new(new_request_id),
        on_answer: None,
    })
}

pub(super) fn new_request_id() -> RequestId {
    RequestId::parse(&platform::uuid().to_string()).unwrap_or_else(RequestId::unknown)
}

/// Waits for SIGTERM or SIGINT, or for stores that turn out not to be right.
async fn until_the_end(refusals: &mut mpsc::Receiver<String>) -> Result<(), String> {
    let refused = async {
        match refusals.recv().await {
            Some(refusal) => Err(refusal),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        ended = refused => ended,
        result = signal() => result.map_err(|error| format!("cannot listen to signals: {error}")),
    }
}

/// Goes on serving until whoever sends requests here has seen that no more are wanted, or until a
/// second signal.
async fn be_found_ending(delay: Duration) {
    if delay.is_zero() {
        return;
    }
    tracing::info!(
        seconds = delay.as_secs(),
        "stopping: not ready any more, still serving"
    );
    let waited = tokio::time::timeout(delay, signal()).await;
    if let Ok(Err(error)) = waited {
        tracing::warn!(%error, "cannot listen to signals");
    }
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        interrupted = tokio::signal::ctrl_c() => interrupted,
    }
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}

/// Answers the requests in flight and takes no new ones.
async fn drain(handle: &ServerHandle, serving: tokio::task::JoinHandle<std::io::Result<()>>) {
    tracing::info!("stopping: answering the requests in flight");
    handle.stop(true).await;
    match serving.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(%error, "the HTTP server ended with an error"),
        Err(error) => tracing::error!(%error, "the HTTP server broke off"),
    }
}
