//! The developer commands: `cargo xtask --help`.

mod task;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Developer commands of Boxoffice",
    max_term_width = 100
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Bring real databases, run every test on every backend, say what ran on what.
    Test {
        /// Run only tests whose name contains this.
        filter: Option<String>,
    },
    /// Check formatting, lints and dependencies, run every test, then Schemathesis: what the gate runs.
    Ci,
    /// Check the dependencies' licences, sources and duplicates, and what is known against them.
    Deny,
    /// Start both databases, with data that stays, and the API against them; until Ctrl-C.
    Dev {
        /// Use MySQL itself instead of MariaDB.
        #[arg(long)]
        mysql: bool,
    },
    /// Measure the release build on real databases, beside bare drivers; writes docs/benchmarks.md.
    Bench {
        /// Seconds per measurement.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
        /// Only the lines whose names, as in `bookings, 60 events (256)`, contain this, or any part of it between `|`.
        #[arg(long, default_value = "")]
        only: String,
    },
    /// Run the booking protocol under seeded faults, in virtual time; a failing seed can be replayed.
    Simulate(task::simulate::Seeds),
    /// Write docs/openapi.json and the Postman collection anew, from the code.
    Openapi,
    /// Hold the server to its OpenAPI document with generated requests, as an admin and as a user.
    Schemathesis(task::schemathesis::Effort),
    /// Start throw-away databases and print the variables that one suite by itself needs; until Ctrl-C.
    Databases,
}

fn main() -> ExitCode {
    // Also when asked to end from outside: servers must not outlive the command that started them.
    let handler = ctrlc::set_handler(|| {
        xtask::servers::kill_all();
        std::process::exit(130);
    });
    if let Err(error) = handler {
        task::say(&format!("xtask: cannot listen to signals: {error}"));
        return ExitCode::FAILURE;
    }
    let result = match Cli::parse().command {
        Command::Test { filter } => task::test::run(filter.as_deref()),
        Command::Ci => task::ci::run(),
        Command::Deny => task::deny::run().map(drop),
        Command::Dev { mysql } => task::dev::run(mysql),
        Command::Bench { seconds, only } => task::bench::run(seconds, &only),
        Command::Simulate(seeds) => task::simulate::run(seeds),
        Command::Openapi => task::openapi::run(),
        Command::Schemathesis(effort) => task::schemathesis::run(effort),
        Command::Databases => task::databases::run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            task::say(&format!("xtask: {error}"));
            ExitCode::FAILURE
        }
    }
}
