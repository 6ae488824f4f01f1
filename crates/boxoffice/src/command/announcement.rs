//! What a serving process says first.

use std::net::SocketAddr;

use super::say;
use crate::config::{Config, Storage};

/// Says where the server listens, on what, and what to do next. Whether there is an admin is not known
/// while the databases are away.
pub(super) fn announce(
    config: &Config,
    stores: &str,
    has_admin: Option<bool>,
    (address, admin): (SocketAddr, Option<SocketAddr>),
) {
    say(&format!(
        "Boxoffice {} listens on {}://{address}",
        env!("CARGO_PKG_VERSION"),
        scheme(config)
    ));
    if let Some(admin) = admin {
        say(&format!("  metrics: http://{admin}/metrics"));
    }
    say(&format!("  stores: {stores}"));
    let next = match has_admin {
        Some(true) => return,
        Some(false) => next_step(config, address),
        None => "next: the databases are not there yet; GET /health/ready tells when they are"
            .to_owned(),
    };
    say(&format!("  {next}"));
}

fn scheme(config: &Config) -> &'static str {
    match config.http.tls {
        Some(_) => "https",
        None => "http",
    }
}

fn next_step(config: &Config, address: SocketAddr) -> String {
    let embedded = matches!(config.storage, Storage::Embedded { .. });
    let body = r#"{"name":"Admin","email":"admin@example.com","password":"admin@1234"}"#;
    let scheme = scheme(config);
    let call = |header: &str| {
        format!(
            "next: make the first admin:\n  curl -X POST {scheme}://{address}/api/auth/create-admin {header}-H 'Content-Type: application/json' -d '{body}'"
        )
    };
    if config.security.admin_setup_token.is_some() {
        call("-H \"X-Setup-Token: $ADMIN_SETUP_TOKEN\" ")
    } else if embedded && address.ip().is_loopback() {
        call("")
    } else {
        "next: make the first admin: boxoffice create-admin --name Admin --email admin@example.com"
            .to_owned()
    }
}
