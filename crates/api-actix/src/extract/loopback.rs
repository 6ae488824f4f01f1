//! Whether a request was surely made on the server's own machine.

use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::header::HOST;

/// Whether the peer is loopback, nothing says that a proxy passed the request on, and the name
/// that the client called is a loopback name.
///
/// The last one is for browsers: a web page that lets its own host name point to 127.0.0.1 (DNS
/// rebinding) speaks from loopback with no proxy between, but under its own name.
pub(super) fn is_local(request: &HttpRequest) -> bool {
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    peer.is_some_and(|address| address.is_loopback())
        && !request
            .headers()
            .keys()
            .any(|name| is_proxy_header(name.as_str()))
        && names_loopback(request)
}

fn is_proxy_header(name: &str) -> bool {
    name == "forwarded" || name == "via" || name.starts_with("x-forwarded-")
}

fn names_loopback(request: &HttpRequest) -> bool {
    let in_headers = request.headers().get_all(HOST).all(|host| {
        host.to_str()
            .is_ok_and(|host| is_loopback_name(host_part(host)))
    });
    in_headers && request.uri().host().is_none_or(is_loopback_name)
}

/// `host:port` without its port.
fn host_part(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

fn is_loopback_name(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_names_are_known_with_and_without_port() {
        for host in [
            "localhost",
            "LOCALHOST:3000",
            "127.0.0.1:3000",
            "127.0.0.2",
            "[::1]:3000",
            "[::1]",
        ] {
            assert!(is_loopback_name(host_part(host)), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example:3000",
            "192.0.2.1",
            "127.0.0.1.evil.example",
            "[2001:db8::1]:3000",
        ] {
            assert!(!is_loopback_name(host_part(host)), "{host}");
        }
    }
}
