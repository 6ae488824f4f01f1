//! MongoDB, as a replica set of one.

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

fn start(executables: &Executables, data: Data, port: u16) -> Result<Server> {
    let program = Executables::need(&executables.mongod, "mongod")?;
    let fresh = !data.path().join("WiredTiger").exists();
    let words = vec![
        program.display().to_string(),
        "--dbpath".to_owned(),
        data.path().display().to_string(),
        "--port".to_owned(),
        port.to_string(),
        "--bind_ip".to_owned(),
        "127.0.0.1".to_owned(),
        "--replSet".to_owned(),
        "rs0".to_owned(),
        "--wiredTigerCacheSizeGB".to_owned(),
        "0.5".to_owned(),
    ];
    let url = format!("mongodb://127.0.0.1:{port}/?replicaSet=rs0");
    let server = Server::start("mongod", words, url, port, data, mongodb_answers)?;
    if fresh {
        initiate(port)?;
    }
    wait_for_primary(port)?;
    Ok(server)
}

fn initiate(port: u16) -> Result<()> {
    let member = doc! { "_id": 0, "host": format!("127.0.0.1:{port}") };
    let set = doc! { "_id": "rs0", "members": [member] };
    let answer = mongodb_command(port, &doc! { "replSetInitiate": set, "$db": "admin" })?;
    match answer.get_f64("ok") {
        Ok(1.0) => Ok(()),
        _ => Err(Error::new(format!(
            "mongod does not make a replica set: {answer}"
        ))),
    }
}

fn wait_for_primary(port: u16) -> Result<()> {
    for _ in 0..LOOKS {
        if mongodb_is_primary(port) {
            return Ok(());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Err(Error::new("mongod does not become primary"))
}
