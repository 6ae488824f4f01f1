//! Log lines, on standard error.

use tracing_subscriber::EnvFilter;

use crate::cli::LogFormat;
use crate::config::Logging;

/// Libraries that tell at `info` what only their authors want to know. `LOG_LEVEL` may say otherwise.
const QUIET: &str = "actix_server=warn,sea_orm_migration=warn";

/// Starts logging; directives that cannot be read are an error that names the variable.
pub(crate) fn start(logging: &Logging) -> Result<(), String> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", logging.level))
        .map_err(|error| format!("LOG_LEVEL: cannot be read: {error}"))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // A subscriber that is set already stays: tests start several servers in one process.
    let _ = match logging.format {
        LogFormat::Pretty => lines.with_ansi(is_terminal()).try_init(),
        LogFormat::Json => lines
            .json()
            .flatten_event(true)
            .with_span_list(false)
            .try_init(),
    };
    Ok(())
}

fn is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr())
}
