//! Whether somebody takes the traces.

use std::time::Duration;

use domain::diagnosis::Finding;
use tokio::net::TcpStream;

use crate::config::TraceExport;

const SUBJECT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// The longest that connecting may take.
const LIMIT: Duration = Duration::from_secs(2);
/// The port of a URL that names none.
const HTTP: &str = ":80";

/// A collector that is away costs spans, never requests: that is doubtful, not wrong.
pub(super) async fn check(export: Option<&TraceExport>) -> Finding {
    let Some(export) = export else {
        return Finding::ok(SUBJECT, "none: no traces are sent");
    };
    let authority = export.authority();
    let has_port = authority
        .rsplit(']')
        .next()
        .is_some_and(|end| end.contains(':'));
    let address = format!("{authority}{}", if has_port { "" } else { HTTP });
    match tokio::time::timeout(LIMIT, TcpStream::connect(&address)).await {
        Ok(Ok(_)) => Finding::ok(SUBJECT, format!("{address} listens")),
        Ok(Err(error)) => away(format!("{address}: {error}")),
        Err(_) => away(format!("{address}: no answer in time")),
    }
}

fn away(seen: String) -> Finding {
    Finding::doubtful(SUBJECT, seen, "start the collector, or unset the variable")
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use domain::diagnosis::Verdict;
    use tokio::net::TcpListener;

    use super::*;
    use crate::cli::Cli;
    use crate::config::Config;

    async fn verdict(url: &str) -> Verdict {
        let words = ["boxoffice", "--otel-exporter-otlp-endpoint", url];
        let config = Config::load(Cli::try_parse_from(words).unwrap().options).unwrap();
        check(config.traces.as_ref()).await.verdict
    }

    #[tokio::test]
    async fn a_collector_is_there_or_not() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/base", listener.local_addr().unwrap());
        assert!(matches!(verdict(&url).await, Verdict::Ok));
        drop(listener);
        assert!(matches!(verdict(&url).await, Verdict::Doubtful { .. }));
        assert!(matches!(verdict("").await, Verdict::Ok));
    }
}
