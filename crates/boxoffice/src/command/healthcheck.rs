//! `boxoffice healthcheck`: whether a server on this machine is alive, for containers without curl.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs};
use std::time::Duration;

use crate::config::Config;
use crate::tls;

const PATIENCE: Duration = Duration::from_secs(2);

pub(crate) fn run(config: &Config) -> Result<(), String> {
    let (host, port) = (config.http.host.as_str(), config.http.port);
    let listen = (host, port)
        .to_socket_addrs()
        .ok()
        .and_then(|mut all| all.next());
    let address = reachable(listen.ok_or_else(|| format!("HOST: {host} is no address"))?);
    match ask(address, config.http.tls.is_some()) {
        Ok(true) => Ok(()),
        Ok(false) => Err(format!("the server on {address} is not healthy")),
        Err(error) => Err(format!("the server on {address} does not answer: {error}")),
    }
}

/// A server that listens on every address is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn ask(address: SocketAddr, by_tls: bool) -> io::Result<bool> {
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    match by_tls {
        true => converse(
            tls::connect_on_loopback(stream).map_err(io::Error::other)?,
            address,
        ),
        false => converse(stream, address),
    }
}

fn converse(mut stream: impl Read + Write, address: SocketAddr) -> io::Result<bool> {
    write!(
        stream,
        "GET /health/live HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    Ok(&status[..] == b"HTTP/1.1 200")
}
