//! Just enough of two wire protocols to see that a server answers, so that the developer commands
//! compile in seconds and not with two drivers.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use bson::{Document, doc};

use crate::error::{Context, Error, Result};

const PATIENCE: Duration = Duration::from_secs(5);
/// MongoDB's message type for commands and their answers (OP_MSG).
const OP_MSG: i32 = 2013;
/// The most bytes of an answer that are believed.
const MAX_ANSWER: usize = 1 << 20;

fn connect(port: u16) -> std::io::Result<TcpStream> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

/// Whether an HTTP server answers with 200 there.
pub(super) fn answers_ok(port: u16, path: &str) -> bool {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let mut status = [0; 12];
    let read = connect(port).and_then(|mut stream| {
        stream.write_all(request.as_bytes())?;
        stream.read_exact(&mut status)
    });
    read.is_ok() && status == *b"HTTP/1.1 200"
}

/// Whether a MySQL server greets on that port: packet header, then protocol version 10.
pub(super) fn mysql_greets(port: u16) -> bool {
    let mut greeting = [0; 5];
    let read = connect(port).and_then(|mut stream| stream.read_exact(&mut greeting));
    read.is_ok() && greeting[4] == 10
}

/// Sends one command to a MongoDB server and returns its answer, whatever it says.
pub(super) fn mongodb_command(port: u16, command: &Document) -> Result<Document> {
    let body = command.to_vec().context("no command")?;
    let mut message = Vec::with_capacity(body.len() + 21);
    // Header: length, request id, response to, operation; then flags and one body section.
    let length = i32::try_from(body.len() + 21).context("no command")?;
    for number in [length, 1, 0, OP_MSG, 0] {
        message.extend_from_slice(&number.to_le_bytes());
    }
    message.push(0);
    message.extend_from_slice(&body);

    let mut stream = connect(port).context("no connection")?;
    stream.write_all(&message).context("not sent")?;
    let mut head = [0; 21];
    stream.read_exact(&mut head).context("no answer")?;
    let length = i32::from_le_bytes([head[0], head[1], head[2], head[3]]);
    let rest = usize::try_from(length)
        .ok()
        .and_then(|length| length.checked_sub(21));
    let rest = rest
        .filter(|rest| *rest <= MAX_ANSWER)
        .ok_or_else(|| Error::new("no answer of MongoDB's"))?;
    let mut answer = vec![0; rest];
    stream.read_exact(&mut answer).context("no answer")?;
    Document::from_reader(answer.as_slice()).context("no answer of MongoDB's")
}

/// Whether a MongoDB server on that port takes writes.
pub(super) fn mongodb_is_primary(port: u16) -> bool {
    let answer = mongodb_command(port, &doc! { "hello": 1, "$db": "admin" });
    answer.is_ok_and(|answer| answer.get_bool("isWritablePrimary").unwrap_or(false))
}

/// Whether a MongoDB server on that port answers at all.
pub(super) fn mongodb_answers(port: u16) -> bool {
    mongodb_command(port, &doc! { "hello": 1, "$db": "admin" }).is_ok()
}
