//! `boxoffice logs export`: the audit log as JSON lines, oldest first.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::Arc;
use std::time::Duration;

use adapters_embedded::Embedded;
use api_actix::LogRecordDto;
use domain::audit::{AuditEntry, AuditFilter, AuditOrder, AuditTrail};
use domain::error::chain;
use domain::time::Timestamp;

use super::until_usable;
use crate::backend;
use crate::cli::Export;
use crate::config::{Config, Storage};
use crate::platform::{self, Tasks};

/// How long a database that is away is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many records are in memory at once.
const BATCH: usize = 200;

pub(crate) async fn export(config: &Config, wanted: &Export) -> Result<(), String> {
    let now = platform::runtime(&Arc::new(Tasks::new())).clock.now();
    let filter = AuditFilter {
        since: moment("--since", wanted.since.as_deref())?,
        // Without an end, what is written meanwhile would be chased.
        until: Some(moment("--until", wanted.until.as_deref())?.unwrap_or(now)),
        ..AuditFilter::default()
    };
    if let Storage::Embedded { data_dir } = &config.storage
        && !data_dir.join(Embedded::FILE).exists()
    {
        let folder = data_dir.display();
        return Err(format!("DATA_DIR: there is no audit log in {folder}"));
    }
    let backend = backend::connect(config).await?;
    until_usable(&backend, PATIENCE).await?;
    let mut out = BufWriter::new(io::stdout().lock());
    match print_all(backend.trail.as_ref(), &filter, &mut out).await? {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write: {error}"))
        }
        // Who closed the pipe has seen enough.
        _ => Ok(()),
    }
}

fn moment(option: &str, text: Option<&str>) -> Result<Option<Timestamp>, String> {
    let parsed = text.map(Timestamp::parse).transpose();
    parsed.map_err(|why| format!("{option}: {why}"))
}

async fn print_all(
    trail: &dyn AuditTrail,
    filter: &AuditFilter,
    out: &mut impl Write,
) -> Result<io::Result<()>, String> {
    let mut after = None;
    loop {
        let batch = trail.read(filter, AuditOrder::OldestFirst, after, BATCH);
        let batch = batch.await.map_err(|error| chain(&error))?;
        after = batch.last().map(AuditEntry::position);
        let written = batch.iter().try_for_each(|entry| print(entry, out));
        if written.is_err() || after.is_none() {
            return Ok(written.and_then(|()| out.flush()));
        }
    }
}

fn print(entry: &AuditEntry, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &LogRecordDto::from(entry))?;
    out.write_all(b"\n")
}
