//! The admin listener: metrics and health, apart from what the internet reaches.

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{App, HttpServer, Resource, web};

use crate::handlers::{health, metrics};
use crate::metric::RoutePattern;
use crate::middleware::request_scope;
use crate::router::not_found;
use crate::server::{HttpState, NewRequestId, Services};

/// How long an idle connection is kept: longer than the usual time between two scrapes.
const KEEP_ALIVE: Duration = Duration::from_secs(75);
/// How long a client may take to send a request's head.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long requests in flight may take after a graceful stop, in seconds.
const SHUTDOWN_SECONDS: u64 = 1;
/// The longest that a request is worked on; nothing here waits.
const DEADLINE: Duration = Duration::from_secs(5);

/// Everything that is measured, in Prometheus' text format.
pub type ReadMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// How the admin listener is to behave.
#[derive(Clone)]
pub struct AdminSettings {
    /// The name or address to listen on.
    pub host: String,
    /// The port to listen on; 0 takes a free one.
    pub port: u16,
    /// Whether a free port will do as well if that one is taken.
    pub or_free_port: bool,
    /// Makes the ids of requests.
    pub new_request_id: NewRequestId,
    /// What `GET /metrics` answers.
    pub read_metrics: ReadMetrics,
}

/// Binds the admin listener, which answers once it is awaited or spawned, and says where it listens.
///
/// Needs a tokio runtime around it. `ServerHandle::stop(true)` drains it, in about a second at most.
///
/// # Errors
///
/// The host has no address, or nothing there can be listened on.
pub fn bind_admin(services: Services, settings: AdminSettings) -> io::Result<(Server, SocketAddr)> {
    let listener = listen(&settings)?;
    let address = listener.local_addr()?;
    let read = web::Data::new(settings.read_metrics);
    let state = web::Data::new(HttpState {
        services,
        speaks_tls: false,
        trusted_proxies: Vec::new(),
        first_admin_from_loopback: false,
        request_deadline: DEADLINE,
        new_request_id: settings.new_request_id,
        on_answer: None,
    });
    let app = move || {
        App::new()
            .app_data(state.clone())
            .app_data(read.clone())
            .service(at("/metrics").route(web::get().to(metrics)))
            .service(at("/health/live").route(web::get().to(health::live::live)))
            .service(at("/health/ready").route(web::get().to(health::ready::ready)))
            .default_service(web::to(not_found))
            .wrap(from_fn(request_scope))
    };
    let server = HttpServer::new(app)
        .workers(1)
        .keep_alive(KEEP_ALIVE)
        .client_request_timeout(HEAD_TIMEOUT)
        .shutdown_timeout(SHUTDOWN_SECONDS)
        .disable_signals()
        .listen(listener)?;
    Ok((server.run(), address))
}

fn at(path: &'static str) -> Resource {
    web::resource(path)
        .app_data(RoutePattern(path))
        .default_service(web::to(not_found))
}

fn listen(settings: &AdminSettings) -> io::Result<TcpListener> {
    let host = settings.host.as_str();
    let addresses: Vec<SocketAddr> = (host, settings.port).to_socket_addrs()?.collect();
    match TcpListener::bind(addresses.as_slice()) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && settings.or_free_port => {
            TcpListener::bind((host, 0))
        }
        bound => bound,
    }
}
