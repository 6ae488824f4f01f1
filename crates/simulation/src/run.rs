//! One run: load and faults, then rest, then the verdict.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Builder;
use tokio::time::{Instant, sleep};

use crate::answers::Answers;
use crate::check;
use crate::cluster::Cluster;
use crate::load::Load;
use crate::mutation::Mutation;
use crate::world::World;

/// How often it is looked whether everything has come to rest.
const LOOK: Duration = Duration::from_millis(500);
/// What may be added, after the faults have stopped, to the grace and to what is still on its way:
/// some rounds of recovery.
const ROUNDS: Duration = Duration::from_secs(30);

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// What was not as it must be; empty if all is well.
    pub violations: Vec<String>,
    /// A number that stands for all that happened: two runs with the same one were the same.
    pub hash: u64,
    /// What there was of it.
    pub tally: Tally,
    /// What happened, line by line with virtual time, if that was asked for.
    pub trace: Vec<String>,
}

/// What happened in a run, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Clients who were told that they have a booking.
    pub booked: usize,
    /// Bookings that were told to be cancelled.
    pub cancelled: usize,
    /// Events that were told to be deleted.
    pub deleted: usize,
    /// Instances that died.
    pub crashes: u64,
    /// Deaths of the relational server.
    pub kills: u64,
    /// Deaths of the documents' primary.
    pub fail_overs: u64,
}

/// Sums of several runs.
impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        self.booked += more.booked;
        self.cancelled += more.cancelled;
        self.deleted += more.deleted;
        self.crashes += more.crashes;
        self.kills += more.kills;
        self.fail_overs += more.fail_overs;
    }
}

/// Runs the seed, with a deliberate mistake or without.
///
/// # Errors
/// If the runtime cannot be made, which takes a machine without memory.
pub fn run(seed: u64, mutation: Option<Mutation>, keep_trace: bool) -> std::io::Result<Report> {
    let runtime = Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    Ok(runtime.block_on(live(seed, mutation, keep_trace)))
}

async fn live(seed: u64, mutation: Option<Mutation>, keep_trace: bool) -> Report {
    let world = Arc::new(World::new(seed, mutation, keep_trace));
    world.set_calm(true);
    let answers = Arc::new(Answers::new(Arc::clone(&world)));
    let cluster = Cluster::start(&world);
    sleep(LOOK).await;
    let load = Load::prepare(cluster, Arc::clone(&answers)).await;
    world.set_calm(false);
    let load = Arc::new(load);
    let clients = tokio::spawn(async move { load.run().await });
    while !clients.is_finished() && world.state().violations().is_empty() {
        sleep(LOOK).await;
    }
    if world.state().violations().is_empty() {
        world.set_calm(true);
        world.note("seed", format_args!("the faults stop"));
        rest(&world, &answers).await;
    }
    let violations = world.state().violations().to_vec();
    for violation in &violations {
        world.note("VIOLATION", format_args!("{violation}"));
    }
    let (hash, trace) = world.trace().finish();
    Report {
        violations,
        hash,
        tally: tally(&world, &answers),
        trace,
    }
}

fn tally(world: &World, answers: &Answers) -> Tally {
    let told = answers.told();
    Tally {
        booked: told.booked.len(),
        cancelled: told.cancelled.len(),
        deleted: told.deleted.len(),
        crashes: world.crashes.taken(),
        kills: world.relational.deaths.taken(),
        fail_overs: world.documents.deaths.taken(),
    }
}

/// Waits until everything has come to rest, but no longer than it may take, and looks at the end.
async fn rest(world: &World, answers: &Answers) {
    let events: Vec<_> = answers.told().sizes.keys().copied().collect();
    // A statement may be on its way for one and a half times the grace, and a hold that it makes then
    // ages for the grace before recovery looks at it.
    let until = Instant::now() + world.grace * 4 + ROUNDS;
    let quiet = world.grace * 3 / 2;
    let mut since = Instant::now();
    loop {
        sleep(LOOK).await;
        let mut state = world.state();
        if !state.violations().is_empty() {
            return;
        }
        let unrest = check::unrest(&state, &events);
        if unrest.is_some() {
            since = Instant::now();
        }
        if since.elapsed() >= quiet {
            let wrongs = check::wrongs(&state, &answers.told(), &events);
            wrongs.into_iter().for_each(|wrong| state.violated(wrong));
            return;
        }
        if let Some(unrest) = unrest
            && Instant::now() >= until
        {
            state.violated(format!("it does not come to rest: {unrest}"));
            return;
        }
    }
}
