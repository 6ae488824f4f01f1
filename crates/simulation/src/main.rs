//! Runs seeds of the simulation: `cargo xtask simulate --help`.

use clap::Parser;
use simulation::{Mutation, run};
use std::io::Write;
use std::process::ExitCode;

#[derive(Parser)]
struct Cli {
    #[arg(long)]
    seed: Option<u64>,
    #[arg(long, default_value_t = 1_000)]
    seeds: u64,
    #[arg(long)]
    mutation: Option<Mutation>,
}
fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut out = std::io::stdout();
    if let Some(seed) = cli.seed {
        let r = run(seed, cli.mutation, true).unwrap();
        for l in &r.trace {
            let _ = writeln!(out, "{l}");
        }
        let _ = writeln!(out, "{:?} {:x}", r.violations, r.hash);
        return ExitCode::SUCCESS;
    }
    let mut bad = 0;
    for seed in 0..cli.seeds {
        let r = run(seed, cli.mutation, false).unwrap();
        if !r.violations.is_empty() {
            bad += 1;
            if bad < 20 {
                let _ = writeln!(out, "{seed}: {:?}", r.violations);
            }
        }
    }
    let _ = writeln!(out, "{bad} bad of {}", cli.seeds);
    ExitCode::SUCCESS
}
