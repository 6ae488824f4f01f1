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
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Only the lines whose names, as in `bookings, 60 events (256)`, contain this or any part of it
    /// between `|`.
    #[arg(long, default_value = "")]
    only: String,
    /// The page that is written, unless only some lines are measured.
    #[arg(long)]
    page: PathBuf,
}

#[tokio::main]
async fn main() -> Result<()> {
    let options = Options::parse();
    let span = Duration::from_secs(options.seconds);
    let databases = databases::Databases::make(&options.mysql_url, &options.mongodb_url).await?;
    // A comparison with weaker promises would be none.
    let versions = databases.check_durable().await?;
    let measured = scenarios::run(&options.server, &databases, span, &options.only).await;
    databases.drop().await?;
    let page = report::page(&measured?, &versions, span);
    say(&page);
    if options.only.is_empty() {
        std::fs::write(&options.page, page)?;
    }
    Ok(())
}

/// Prints a line; a closed pipe is no reason to fail.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
