//! MongoDB, as a replica set of one or several.

use std::path::Path;
use std::thread;
use std::time::Duration;

use bson::doc;

use super::Executables;
use super::process::{Data, Server, free_port};
use super::wire::{mongodb_answers, mongodb_command, mongodb_is_primary};
use crate::error::{Context, Error, Result};

/// How often the election is looked at, every 50 ms.
const LOOKS: usize = 1_200;

/// Starts a MongoDB server with fresh data as the only member of the replica set `rs0`.
///
/// # Errors
///
/// The program is not there, or the server does not start.
pub fn start_mongodb(executables: &Executables) -> Result<Server> {
    start(executables, Data::temporary()?, free_port()?)
}

/// Starts a MongoDB server whose data stays in `folder`. Its port stays too: the replica set knows
/// its member by it.
///
/// # Errors
///
/// As [`start_mongodb`].
pub fn start_mongodb_in(executables: &Executables, folder: &Path) -> Result<Server> {
    let data = Data::kept(folder)?;
    let note = folder.join("port");
    let kept = std::fs::read_to_string(&note)
        .ok()
        .and_then(|text| text.trim().parse().ok());
    let port = kept.map_or_else(free_port, Ok)?;
    std::fs::write(&note, port.to_string()).context("cannot keep the port")?;
    start(executables, data, port)
}

/// Starts servers with fresh data that are the `members` of the replica set `rs0` together, and waits
/// until it has elected its primary. Its members give each other up after two seconds of silence.
///
/// # Errors
///
/// As [`start_mongodb`].
pub fn start_mongodb_set(executables: &Executables, members: usize) -> Result<Vec<Server>> {
    let ports = (0..members)
        .map(|_| free_port())
        .collect::<Result<Vec<u16>>>()?;
    let url = url(&ports);
    let mut servers = Vec::with_capacity(members);
    for port in &ports {
        servers.push(run(executables, Data::temporary()?, *port, &url)?);
    }
    initiate(&ports)?;
    wait_for_primary(&ports)?;
    Ok(servers)
}

/// Whether a MongoDB server is the one that takes writes.
pub fn is_primary(server: &Server) -> bool {
    mongodb_is_primary(server.port())
}

fn start(executables: &Executables, data: Data, port: u16) -> Result<Server> {
    let fresh = !data.path().join("WiredTiger").exists();
    let server = run(executables, data, port, &url(&[port]))?;
    if fresh {
        initiate(&[port])?;
    }
    wait_for_primary(&[port])?;
    Ok(server)
}

fn url(ports: &[u16]) -> String {
    let hosts: Vec<String> = ports.iter().map(host).collect();
    format!("mongodb://{}/?replicaSet=rs0", hosts.join(","))
}

fn host(port: &u16) -> String {
    format!("127.0.0.1:{port}")
}

fn run(executables: &Executables, data: Data, port: u16, url: &str) -> Result<Server> {
    let program = Executables::need(&executables.mongod, "mongod")?;
    let words = vec![
        program.display().to_string(),
        "--dbpath".to_owned(),
        data.path().display().to_string(),
        "--port".to_owned(),
        port.to_string(),
        "--bind_ip".to_owned(),
        "127.0.0.1".to_owned(),
        // As docs/operations.md asks for.
        "--setParameter".to_owned(),
        "transactionLifetimeLimitSeconds=10".to_owned(),
        "--setParameter".to_owned(),
        "minSnapshotHistoryWindowInSeconds=5".to_owned(),
        "--replSet".to_owned(),
        "rs0".to_owned(),
        "--wiredTigerCacheSizeGB".to_owned(),
        "0.5".to_owned(),
    ];
    Server::start("mongod", words, url.to_owned(), port, data, mongodb_answers)
}

fn initiate(ports: &[u16]) -> Result<()> {
    let first = ports.first().ok_or_else(|| Error::new("a set of none"))?;
    let members = ports
        .iter()
        .zip(0_i32..)
        .map(|(port, id)| doc! { "_id": id, "host": host(port) });
    let set = doc! {
        "_id": "rs0",
        "members": members.collect::<Vec<_>>(),
        "settings": { "electionTimeoutMillis": 2_000, "heartbeatIntervalMillis": 500 },
    };
    let answer = mongodb_command(*first, &doc! { "replSetInitiate": set, "$db": "admin" })?;
    match answer.get_f64("ok") {
        Ok(1.0) => Ok(()),
        _ => Err(Error::new(format!(
            "mongod does not make a replica set: {answer}"
        ))),
    }
}

fn wait_for_primary(ports: &[u16]) -> Result<()> {
    for _ in 0..LOOKS {
        if ports.iter().any(|port| mongodb_is_primary(*port)) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(Error::new("mongod does not become primary"))
}
