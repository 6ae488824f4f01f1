//! `boxoffice logs export`: the audit log as JSON lines, oldest first.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::sync::Arc;
use std::time::Duration;

use adapters_embedded::Embedded;
use api_actix::LogRecordDto;
use domain::audit::{AuditEntry, AuditFilter, AuditOrder, AuditTrail};
use domain::cursor::Moment;
use domain::error::chain;
use domain::runtime::Timer;
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
/// How often a batch is asked for while the store is away, and the time between two tries.
const TRIES: usize = 10;
const AGAIN: Duration = Duration::from_secs(1);
/// What is younger may still be on its way into the log, in the memory of an instance or in the outbox.
const SETTLED: Duration = Duration::from_secs(60);

pub(crate) async fn export(config: &Config, wanted: &Export) -> Result<(), String> {
    let runtime = platform::runtime(&Arc::new(Tasks::new()));
    let settled = runtime.clock.now().minus(SETTLED);
    let filter = AuditFilter {
        since: moment("--since", wanted.since.as_deref())?,
        // Without an end, what is written meanwhile would be chased.
        until: Some(moment("--until", wanted.until.as_deref())?.unwrap_or(settled)),
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
    let log = Log {
        trail: backend.trail.as_ref(),
        timer: runtime.timer.as_ref(),
    };
    match log.print_all(&filter, &mut out).await? {
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

/// The log, which may be away for a while.
struct Log<'a> {
    trail: &'a dyn AuditTrail,
    timer: &'a dyn Timer,
}

impl Log<'_> {
    async fn print_all(
        &self,
        filter: &AuditFilter,
        out: &mut impl Write,
    ) -> Result<io::Result<()>, String> {
        let mut after = None;
        loop {
            let batch = self.read(filter, after).await?;
            after = batch.last().map(AuditEntry::position);
            let written = batch.iter().try_for_each(|entry| print(entry, out));
            if written.is_err() || after.is_none() {
                return Ok(written.and_then(|()| out.flush()));
            }
        }
    }

    /// The next batch. A log of months takes a while to print, and a store may elect meanwhile.
    async fn read(
        &self,
        filter: &AuditFilter,
        after: Option<Moment>,
    ) -> Result<Vec<AuditEntry>, String> {
        let mut tries = 1;
        loop {
            let batch = self
                .trail
                .read(filter, AuditOrder::OldestFirst, after, BATCH);
            match batch.await {
                Err(error) if error.is_unavailable() && tries < TRIES => tries += 1,
                answer => return answer.map_err(|error| chain(&error)),
            }
            self.timer.sleep(AGAIN).await;
        }
    }
}

fn print(entry: &AuditEntry, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &LogRecordDto::from(entry))?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use domain::audit::{AuditId, MockAuditTrail};
    use domain::error::StoreError;
    use domain::runtime::MockTimer;
    use serde_json::{Map, Value};

    use super::*;

    fn entry(number: u8) -> AuditEntry {
        let (id, at) = (AuditId::from_bytes([number; 12]), Timestamp::from_millis(0));
        AuditEntry::from_stored(id, at, Map::new())
    }

    fn away() -> Result<Vec<AuditEntry>, StoreError> {
        Err(StoreError::unavailable("mongodb", "electing"))
    }

    /// What is printed of a log that gives these answers, and the place that each was asked from.
    async fn printed(
        answers: Vec<Result<Vec<AuditEntry>, StoreError>>,
        places: Vec<Option<Moment>>,
    ) -> Result<Vec<String>, String> {
        let (mut trail, mut timer) = (MockAuditTrail::new(), MockTimer::new());
        let (mut answers, mut places) = (answers.into_iter(), places.into_iter());
        trail.expect_read().returning(move |_, _, after, _| {
            assert_eq!(after, places.next().unwrap());
            answers.next().unwrap()
        });
        timer.expect_sleep().return_const(());
        let log = Log {
            trail: &trail,
            timer: &timer,
        };
        let mut out = Vec::new();
        let written = log.print_all(&AuditFilter::default(), &mut out).await?;
        written.unwrap();
        let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].to_string();
        Ok(String::from_utf8(out).unwrap().lines().map(id).collect())
    }

    #[tokio::test]
    async fn a_store_that_is_away_for_a_while_is_asked_again_from_the_same_place() {
        let place = Some(entry(1).position());
        let answers = vec![
            away(),
            Ok(vec![entry(1)]),
            away(),
            away(),
            Ok(vec![entry(2)]),
            Ok(vec![]),
        ];
        let places = vec![None, None, place, place, place, Some(entry(2).position())];
        let ids = [1_u8, 2].map(|number| format!("\"{}\"", AuditId::from_bytes([number; 12])));
        assert_eq!(printed(answers, places).await.unwrap(), ids);
    }

    #[tokio::test]
    async fn a_store_that_stays_away_ends_the_export() {
        let answers = (0..TRIES).map(|_| away()).collect();
        let line = printed(answers, vec![None; TRIES]).await.unwrap_err();
        assert!(line.contains("electing"), "{line}");
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_not_asked_for_again() {
        let broken = Err(StoreError::unexpected("mongodb", "broken"));
        assert!(printed(vec![broken], vec![None]).await.is_err());
    }
}
