//! Where a serving process tells its metrics and its health.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use api_actix::{AdminSettings, ReadMetrics, Services};

use super::serve::new_request_id;
use crate::config::Admin;

/// The admin listener, or none.
pub(super) struct AdminListener(Option<(ServerHandle, SocketAddr)>);

impl AdminListener {
    /// Listens and answers, if there is to be one.
    pub(super) fn start(
        services: Services,
        wanted: Option<(&Admin, ReadMetrics)>,
    ) -> Result<Self, String> {
        let Some((admin, read_metrics)) = wanted else {
            return Ok(Self(None));
        };
        let settings = AdminSettings {
            host: admin.host.clone(),
            port: admin.port,
            or_free_port: admin.or_free_port,
            new_request_id: Arc::new(new_request_id),
            read_metrics,
        };
        let (server, address) = api_actix::bind_admin(services, settings)
            .map_err(|error| cannot_listen(admin, &error))?;
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self(Some((handle, address))))
    }

    /// Where it is.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.0.as_ref().map(|(_, address)| *address)
    }

    /// Answers the requests in flight and takes no new ones.
    pub(super) async fn stop(self) {
        if let Some((handle, _)) = self.0 {
            handle.stop(true).await;
        }
    }
}

fn cannot_listen(admin: &Admin, error: &std::io::Error) -> String {
    let (host, port) = (&admin.host, admin.port);
    format!(
        "ADMIN_HOST, ADMIN_PORT: cannot listen on {host}:{port}: {error}; choose another, 0 for a free port, or off"
    )
}
