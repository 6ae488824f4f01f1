//! Measures Boxoffice over HTTP, on real databases at full durability, beside what it is to be judged
//! by: the same databases driven by bare drivers, one booking at a time, in the same run. Speeds are
//! quoted as ratios to that; the figures by themselves belong to the machine. `cargo xtask bench` builds
//! everything, starts the databases and runs this.

mod bare;
mod databases;
mod http;
mod load;
mod report;
mod scenarios;
mod server;
mod site;
mod turns;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// Everything that can go wrong ends the run with one line.
type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(name = "bench", about = "Load over HTTP beside bare drivers")]
struct Options {
    /// The server's program.
    #[arg(long)]
    server: PathBuf,
    /// MySQL or MariaDB, without a database name.
    #[arg(long)]
    mysql_url: String,
    /// MongoDB, without a database name.
    #[arg(long)]
    mongodb_url: String,
    /// Seconds per measurement.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How often each is measured, in turns with what it is judged by.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Only the lines whose names, as in `bookings, 60 events (256)`, contain this or any part of it
    /// between `|`, and what they are judged by.
    #[arg(long, default_value = "")]
    only: String,
    /// The page that is written, unless only some lines are measured.
    #[arg(long)]
    page: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let (mysql, mongodb) = (&options.mysql_url, &options.mongodb_url);
    let databases = databases::Databases::make(mysql, mongodb, "boxoffice_bench").await?;
    // A comparison with weaker promises would be none.
    let versions = databases.check_durable().await?;
    let grown = databases::Databases::make(mysql, mongodb, "boxoffice_bench_grown").await?;
    let mut turns = turns::Turns {
        rounds: options.rounds.max(1),
        span: Duration::from_secs(options.seconds),
        only: options.only,
        lines: Vec::new(),
    };
    let facts = scenarios::run(&options.server, &databases, &grown, &mut turns).await;
    databases.drop().await?;
    grown.drop().await?;
    let page = report::page(&turns, &facts?, &versions);
    say(&page);
    if turns.only.is_empty() {
        std::fs::write(&options.page, page)?;
    }
    Ok(())
}

/// Prints a line; a closed pipe is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
