//! `cargo xtask simulate`: the booking protocol under seeded faults.

use xtask::error::Result;

use super::{cargo, run as run_step};

/// Which seeds to run, and with which mistake; see `crates/simulation`.
#[derive(clap::Args)]
pub(crate) struct Seeds {
    /// Replay this seed and print what happens.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// How many seeds to run.
    #[arg(long)]
    seeds: Option<u64>,
    /// The first of them.
    #[arg(long)]
    from: Option<u64>,
    /// Make a mistake on purpose, like `no-fence`; a wrong name lists them all.
    #[arg(long)]
    mutation: Option<String>,
}

pub(crate) fn run(seeds: Seeds) -> Result<()> {
    let mut command = cargo(&[
        "run",
        "--locked",
        "--quiet",
        "--package",
        "simulation",
        "--",
    ]);
    let numbers = [
        ("--seed", seeds.seed),
        ("--seeds", seeds.seeds),
        ("--from", seeds.from),
    ];
    let options = numbers
        .into_iter()
        .filter_map(|(name, number)| Some((name, number?.to_string())))
        .chain(seeds.mutation.map(|name| ("--mutation", name)));
    for (name, value) in options {
        command.args([name, &value]);
    }
    run_step(command, "the simulation")
}
