//! The page that a run leaves.

use std::fmt::Write;

use crate::scenarios::Facts;
use crate::turns::Turns;

const HEAD: &str = "# Benchmarks\n\n\
    Written by `cargo xtask bench`. The load generator, the server and both databases share one machine; \
    each booking is flushed to MySQL's disk and confirmed by a majority in MongoDB, with audit, user check \
    and everything else on. Figures by themselves say as much about the machine as about Boxoffice: what \
    counts is the ratio to what was measured beside it in the same run. *Bare drivers* means the same two \
    databases, one update and one insert per booking, without audit, keys, checks, or a way back from a \
    crash between the two. A line and what it is judged by are measured in turns; each figure is the \
    middle one of the rounds, and ratios are those within a round: the middle one, and in brackets the \
    least and the greatest.\n\n";

/// The page in Markdown.
pub(crate) fn page(turns: &Turns, facts: &Facts, versions: &str) -> String {
    let mut text = String::from(HEAD);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    // Writing to a String cannot fail.
    let _ = writeln!(text, "- Machine: {}, {cores} cores", machine());
    let _ = writeln!(
        text,
        "- {versions}; Boxoffice {}, release build",
        env!("CARGO_PKG_VERSION")
    );
    let (rounds, seconds) = (turns.rounds, turns.span.as_secs());
    let _ = writeln!(
        text,
        "- {rounds} rounds of {seconds} s per line, closed loop\n"
    );
    text.push_str(
        "| what | connections | per second | p50 ms | p99 ms | other answers | ratio |\n",
    );
    text.push_str("|---|---|---|---|---|---|---|\n");
    for line in &turns.lines {
        let ratio = line.beside.map(|(name, [least, middle, greatest])| {
            format!("{middle:.1} × {name} ({least:.1} to {greatest:.1})")
        });
        let measured = &line.measured;
        let _ = writeln!(
            text,
            "| {} | {} | {:.0} | {:.1} | {:.1} | {} | {} |",
            line.what,
            line.callers,
            measured.rate,
            measured.p50,
            measured.p99,
            measured.others,
            ratio.unwrap_or_default()
        );
    }
    if let Some(size) = facts.grown {
        let _ = writeln!(
            text,
            "\n*Grown*: {} events and {} bookings are there already; *small*: the same on databases without them.",
            size.events, size.bookings
        );
    }
    if let (Some(idle), Some(busy)) = (facts.idle_memory, facts.busy_memory) {
        let _ = writeln!(
            text,
            "\nMemory of the server: {idle} MiB idle, {busy} MiB after 1,024 connections."
        );
    }
    text
}

/// The processor's name, where the system tells it.
fn machine() -> String {
    let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    name.and_then(|rest| rest.split_once(':'))
        .map_or("unknown", |(_, name)| name.trim())
        .to_owned()
}
