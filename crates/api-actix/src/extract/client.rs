//! Where a request really comes from, behind the proxies that are believed.

use std::net::{IpAddr, SocketAddr};

use actix_web::http::header::HeaderMap;
use ipnet::IpNet;

/// The client's address, in a request's extensions; `None` if the connection has none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

/// The client's address: the peer's, or, if the peer is a trusted proxy, the right-most address
/// of `X-Forwarded-For` that is not a trusted proxy's. What stands left of it anybody can have
/// written. Something unreadable on the way is no address: then it is the peer's.
pub(crate) fn client_address(
    peer: Option<IpAddr>,
    headers: &HeaderMap,
    trusted: &[IpNet],
) -> Option<IpAddr> {
    let peer = peer?.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address));
    let mut client = peer;
    if !is_trusted(peer) {
        return Some(peer);
    }
    for hop in hops(headers).iter().rev() {
        match hop {
            Some(address) => client = *address,
            None => return Some(peer),
        }
        if !is_trusted(client) {
            break;
        }
    }
    Some(client)
}

/// Every hop in the order of the headers; `None` for one that cannot be read.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    headers
        .get_all("x-forwarded-for")
        .flat_map(|value| match value.to_str() {
            Ok(list) => list.split(',').map(parse_hop).collect(),
            Err(_) => vec![None],
        })
        .collect()
}

/// An address, maybe with a port or in brackets.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let hop = hop.trim();
    let bare = hop.strip_prefix('[').and_then(|h| h.strip_suffix(']'));
    let address = bare.unwrap_or(hop).parse::<IpAddr>().ok();
    address
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn address(peer: &str, forwarded: &[&str]) -> String {
        let request = forwarded.iter().fold(TestRequest::get(), |request, value| {
            request.append_header(("X-Forwarded-For", *value))
        });
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        let request = request.to_http_request();
        client_address(Some(peer.parse().unwrap()), request.headers(), &trusted)
            .unwrap()
            .to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(address("192.0.2.1", &["198.51.100.7"]), "192.0.2.1");
        assert_eq!(address("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(
            address("::ffff:10.0.0.1", &["198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(address("10.0.0.1", &[]), "10.0.0.1");
    }

    #[test]
    fn what_the_client_wrote_itself_is_not_believed() {
        assert_eq!(
            address("10.0.0.1", &["1.1.1.1, 198.51.100.7, 10.0.0.2"]),
            "198.51.100.7"
        );
        assert_eq!(
            address("10.0.0.1", &["1.1.1.1", "198.51.100.7"]),
            "198.51.100.7"
        );
        assert_eq!(address("10.0.0.1", &["x, 198.51.100.7"]), "198.51.100.7");
    }

    #[test]
    fn ports_and_brackets_are_read_and_nonsense_is_the_peer() {
        assert_eq!(address("10.0.0.1", &["198.51.100.7:443"]), "198.51.100.7");
        assert_eq!(address("fd00::1", &["[2001:db8::7]:443"]), "2001:db8::7");
        assert_eq!(address("fd00::1", &["[2001:db8::7]"]), "2001:db8::7");
        for bad in ["unknown", "198.51.100.7,", "1.2.3"] {
            assert_eq!(address("10.0.0.1", &[bad]), "10.0.0.1", "{bad}");
        }
    }

    #[test]
    fn a_client_within_the_trusted_networks_is_itself() {
        assert_eq!(address("10.0.0.1", &["10.0.0.3, 10.0.0.2"]), "10.0.0.3");
    }

    #[test]
    fn a_connection_without_address_stays_without() {
        let request = TestRequest::get().to_http_request();
        assert_eq!(client_address(None, request.headers(), &[]), None);
    }
}
