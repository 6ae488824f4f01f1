//! The seeds that run at every gate, and the proof that they would notice.

use simulation::{Mutation, run, search};

/// How many seeds; a mistake must be noticed by one of them.
const SEEDS: u64 = 2_500;

fn quietly(_: u64) {}

#[test]
fn no_seed_breaks_the_protocol() {
    let found = search(0..SEEDS, None, 5, &quietly).unwrap();
    let again = "cargo xtask simulate --seed";
    assert_eq!(found.failed, [0; 0], "see what happens: {again} N");
    // A load that books nothing, or faults that never strike, would prove nothing.
    let tally = found.tally;
    assert!(
        tally.booked as u64 > SEEDS && tally.cancelled as u64 > SEEDS,
        "{tally:?}"
    );
    assert!(tally.deleted > 0, "{tally:?}");
    let deaths = [tally.crashes, tally.kills, tally.fail_overs];
    assert!(
        deaths.iter().all(|deaths| *deaths > SEEDS / 20),
        "{tally:?}"
    );
}

#[test]
fn every_mistake_is_noticed() {
    let mut unnoticed = Vec::new();
    for mutation in Mutation::ALL {
        if search(0..SEEDS, Some(mutation), 1, &quietly)
            .unwrap()
            .failed
            .is_empty()
        {
            unnoticed.push(mutation);
        }
    }
    assert_eq!(unnoticed, []);
}

#[test]
fn the_same_seed_does_the_same() {
    let mut hashes = Vec::new();
    for seed in 0..50 {
        let (one, other) = (
            run(seed, None, false).unwrap(),
            run(seed, None, true).unwrap(),
        );
        assert_eq!(
            (one.hash, one.tally),
            (other.hash, other.tally),
            "seed {seed}"
        );
        hashes.push(one.hash);
    }
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 50, "other seeds do other things");
}
