//! Runs seeds of the simulation: `cargo xtask simulate --help`.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use simulation::{Mutation, run, search};

/// From how many failing seeds on there is no use in looking for more.
const ENOUGH: usize = 10;
/// The number of seeds between two signs of life.
const STEP: u64 = 100;

#[derive(Parser)]
#[command(
    about = "The booking protocol under seeded faults",
    max_term_width = 100
)]
struct Cli {
    /// Replay this seed and print what happens.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// How many seeds to run.
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first of them.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Make a mistake on purpose.
    #[arg(long)]
    mutation: Option<Mutation>,
}

fn main() -> io::Result<ExitCode> {
    let cli = Cli::parse();
    let well = match cli.seed {
        Some(seed) => replay(seed, cli.mutation)?,
        None => run_many(&cli)?,
    };
    Ok(if well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn replay(seed: u64, mutation: Option<Mutation>) -> io::Result<bool> {
    let report = run(seed, mutation, true)?;
    let mut out = io::stdout().lock();
    for line in &report.trace {
        writeln!(out, "{line}")?;
    }
    let well = report.violations.is_empty();
    let verdict = if well { "all is well" } else { "it is broken" };
    writeln!(out, "\nseed {seed}: {verdict}; {:?}", report.tally)?;
    for violation in &report.violations {
        writeln!(out, "  {violation}")?;
    }
    Ok(well)
}

fn run_many(cli: &Cli) -> io::Result<bool> {
    let progress = |done: u64| {
        if done.is_multiple_of(STEP) {
            // Nobody may be looking.
            let _ = write!(io::stderr(), "\r{done} of {} seeds", cli.seeds);
        }
    };
    let seeds = cli.from..cli.from.saturating_add(cli.seeds);
    let found = search(seeds, cli.mutation, ENOUGH, &progress)?;
    writeln!(io::stderr())?;
    let mut out = io::stdout().lock();
    for seed in &found.failed {
        writeln!(out, "seed {seed} fails: {}", again(*seed, cli.mutation))?;
    }
    writeln!(
        out,
        "{} seeds failed; {:?}",
        found.failed.len(),
        found.tally
    )?;
    Ok(found.failed.is_empty())
}

/// The command that shows it again.
fn again(seed: u64, mutation: Option<Mutation>) -> String {
    let name = mutation.and_then(|mutation| clap::ValueEnum::to_possible_value(&mutation));
    let option = name.map_or(String::new(), |name| {
        format!(" --mutation {}", name.get_name())
    });
    format!("cargo xtask simulate --seed {seed}{option}")
}
