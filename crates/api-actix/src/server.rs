//! The server: from services and settings to a socket.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, Error, HttpServer, web};
use domain::access::AccessControl;
use domain::audit::AuditUseCases;
use domain::booking::BookingUseCases;
use domain::event::EventUseCases;
use domain::health::HealthView;
use domain::request::RequestId;
use domain::session::SessionUseCases;
use domain::user::{AccountUseCases, UserUseCases};
use ipnet::IpNet;

use crate::middleware::{RateLimiters, check_origin, cors, request_scope};
use crate::router;
use crate::trace_context::TraceContext;

/// How long an idle connection is kept.
const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a client that is hung up on may take to read its answer.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// How long requests in flight may take after a graceful stop, in seconds.
const SHUTDOWN_SECONDS: u64 = 8;

/// The use cases that the interface offers.
#[derive(Clone)]
pub struct Services {
    /// Accounts.
    pub accounts: Arc<dyn AccountUseCases>,
    /// Signing in, and what follows.
    pub sessions: Arc<dyn SessionUseCases>,
    /// The users, as admins and they themselves deal with them.
    pub users: Arc<dyn UserUseCases>,
    /// Events.
    pub events: Arc<dyn EventUseCases>,
    /// Bookings.
    pub bookings: Arc<dyn BookingUseCases>,
    /// The audit log.
    pub logs: Arc<dyn AuditUseCases>,
    /// Who may call.
    pub access: Arc<dyn AccessControl>,
    /// Which store is away.
    pub health: Arc<dyn HealthView>,
}

/// How many requests a client address may make.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Requests per second on all routes but health, at least 1.
    pub per_second: u32,
    /// Requests at once on all routes but health, at least 1.
    pub burst: u32,
    /// Requests per minute on the routes that make accounts or sign in, at least 1; these count
    /// against both limits.
    pub auth_per_minute: u32,
    /// Requests at once on the routes that make accounts or sign in, at least 1.
    pub auth_burst: u32,
}

/// Makes the id of a request that brings none.
pub type NewRequestId = Arc<dyn Fn() -> RequestId + Send + Sync>;

/// What is known of a request once it is answered: nothing that the client wrote but ids.
#[derive(Debug, Clone, Copy)]
pub struct AnsweredRequest<'a> {
    /// The request's id.
    pub id: &'a RequestId,
    /// The trace that it is part of, the same as in the log lines about it.
    pub trace: TraceContext,
    /// The method, `other` if it is none of the usual.
    pub method: &'static str,
    /// The pattern of the route, `none` if it was turned away before one was found.
    pub route: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// How long it took.
    pub took: Duration,
}

/// Hears of every request that is answered, on the thread that answers: it must not wait.
pub type OnAnswer = Arc<dyn Fn(&AnsweredRequest<'_>) + Send + Sync>;

/// How the server is to behave.
#[derive(Clone)]
pub struct HttpSettings {
    /// The name or address to listen on.
    pub host: String,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// How to speak TLS, with HTTP/2 or 1.1 as the client chooses; `None` for plain HTTP.
    pub tls: Option<rustls::ServerConfig>,
    /// Threads that answer; `None` for one per core.
    pub workers: Option<usize>,
    /// The limits per client address; `None` for none.
    pub rate_limit: Option<RateLimits>,
    /// The networks of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The origins that browsers may call from, each as `https://shop.example`.
    pub cors_origins: Vec<String>,
    /// Whether a request from the machine itself may make the first admin, as on the embedded
    /// default. It counts only if the server listens on loopback alone.
    pub first_admin_from_loopback: bool,
    /// The longest that a request is worked on; then it is answered 503.
    pub request_deadline: Duration,
    /// Makes the ids of requests.
    pub new_request_id: NewRequestId,
    /// Hears of every request that is answered.
    pub on_answer: Option<OnAnswer>,
}

/// What every handler and middleware reads.
pub(crate) struct HttpState {
    pub(crate) services: Services,
    pub(crate) speaks_tls: bool,
    pub(crate) trusted_proxies: Vec<IpNet>,
    pub(crate) first_admin_from_loopback: bool,
    pub(crate) request_deadline: Duration,
    pub(crate) new_request_id: NewRequestId,
    pub(crate) on_answer: Option<OnAnswer>,
}

/// Binds the server, which answers once it is awaited or spawned, and says where it listens.
///
/// Needs a tokio runtime around it. It heeds no signal: `ServerHandle::stop(true)` drains it, in
/// about eight seconds at most.
///
/// # Errors
///
/// The host has no address, nothing there can be listened on, or an origin is none.
pub fn bind(services: Services, settings: HttpSettings) -> io::Result<(Server, SocketAddr)> {
    if let Some(origin) = settings.cors_origins.iter().find(|o| !check_origin(o)) {
        return Err(invalid(format!("not an origin: {origin}")));
    }
    let addresses = listen_addresses(&settings)?;
    let only_loopback = addresses.iter().all(|address| address.ip().is_loopback());
    let limiters = RateLimiters::new(settings.rate_limit);
    limiters.sweep_in_background();
    let tls = settings.tls.clone();
    let (workers, origins) = (settings.workers, settings.cors_origins.clone());
    let state = web::Data::new(HttpState::new(services, settings, only_loopback));
    let server = HttpServer::new(move || app(&state, &limiters, &origins))
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_TIMEOUT)
        .client_disconnect_timeout(DISCONNECT_TIMEOUT)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals();
    let server = match workers {
        Some(workers) => server.workers(workers.max(1)),
        None => server,
    };
    let server = match tls {
        Some(tls) => server.bind_rustls_0_23(addresses.as_slice(), tls)?,
        None => server.bind(addresses.as_slice())?,
    };
    let address = server.addrs().first().copied();
    let address = address.ok_or_else(|| invalid("no address is bound".to_owned()))?;
    Ok((server.run(), address))
}

impl HttpState {
    pub(crate) fn new(services: Services, settings: HttpSettings, only_loopback: bool) -> Self {
        Self {
            services,
            speaks_tls: settings.tls.is_some(),
            trusted_proxies: settings.trusted_proxies,
            first_admin_from_loopback: settings.first_admin_from_loopback && only_loopback,
            request_deadline: settings.request_deadline,
            new_request_id: settings.new_request_id,
            on_answer: settings.on_answer,
        }
    }
}

/// Every address of the host; with a free port only the first, or each would get its own.
fn listen_addresses(settings: &HttpSettings) -> io::Result<Vec<SocketAddr>> {
    let host = settings.host.as_str();
    let mut addresses: Vec<SocketAddr> = (host, settings.port).to_socket_addrs()?.collect();
    addresses.dedup();
    if settings.port == 0 {
        addresses.truncate(1);
    }
    Ok(addresses)
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

/// The application as each worker runs it; the last layer named is the outermost.
pub(crate) fn app(
    state: &web::Data<HttpState>,
    limiters: &RateLimiters,
    origins: &[String],
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse,
        Error = Error,
        InitError = (),
    > + use<>,
> {
    App::new()
        .app_data(state.clone())
        .configure(|config| router::mount(config, limiters))
        .wrap(Condition::new(!origins.is_empty(), cors(origins)))
        .wrap(from_fn(request_scope))
}
