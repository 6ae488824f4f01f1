//! Boxoffice: a headless event and ticket API.

mod app;
mod backend;
mod cli;
mod command;
mod config;
mod platform;
mod secret;
mod telemetry;
mod tls;

use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::cli::{Cli, Command, LogsStep};
use crate::config::Config;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A missing `.env` is the usual case; what is set already wins over it.
    if let Err(error) = dotenvy::dotenv()
        && !error.not_found()
    {
        return fail(&format!(".env: {error}"));
    }
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return explain(&error),
    };
    start(cli).unwrap_or_else(|line| fail(&line))
}

fn start(cli: Cli) -> Result<ExitCode, String> {
    let config = match (Config::load(cli.options), &cli.command) {
        (Ok(config), _) => config,
        (Err(error), Some(Command::Check(options))) => {
            return Ok(command::check::refuse(&error.to_string(), options));
        }
        (Err(error), _) => return Err(error.to_string()),
    };
    telemetry::start(&config.logging)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    let result = runtime.block_on(async {
        match cli.command.unwrap_or(Command::Serve) {
            Command::Serve => command::serve::run(&config).await?,
            Command::Migrate { step } => command::migrate::run(&config, step).await?,
            Command::Healthcheck => command::healthcheck::run(&config)?,
            Command::CreateAdmin(who) => command::create_admin::run(&config, &who).await?,
            Command::Check(options) => return Ok(command::check::run(&config, &options).await),
            Command::Openapi => command::say(api_actix::openapi_json()),
            Command::Logs { step } => {
                let LogsStep::Export(wanted) = step;
                command::logs::export(&config, &wanted).await?;
            }
            Command::Verify(options) => return command::verify::run(&config, &options).await,
        }
        Ok(ExitCode::SUCCESS)
    });
    // The process ends here. To shut the runtime down would cancel what the drivers still do in it, and that of
    // MongoDB panics over it, in more lines than the one that says why the process ends.
    std::mem::forget(runtime);
    result
}

/// Help and version as they are; a wrong value as one line that names its variable.
fn explain(error: &clap::Error) -> ExitCode {
    let is_value = matches!(
        error.kind(),
        ErrorKind::ValueValidation | ErrorKind::InvalidValue | ErrorKind::InvalidUtf8
    );
    if is_value {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        return fail(line.strip_prefix("error: ").unwrap_or(line));
    }
    // Nothing can be done about a closed terminal.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

#[expect(
    clippy::print_stderr,
    reason = "the one line that says why nothing runs"
)]
fn fail(line: &str) -> ExitCode {
    eprintln!("boxoffice: {}", line.replace('\n', " "));
    // Who verifies takes 1 for broken; and the command line may be what is wrong.
    match std::env::args_os().any(|word| word == "verify") {
        true => ExitCode::from(command::verify::NOT_CHECKED),
        false => ExitCode::FAILURE,
    }
}
