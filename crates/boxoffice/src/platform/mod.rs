//! The machine behind the domain's ports: time, tasks, ids, passwords, tokens.

mod clock;
mod hasher;
mod ids;
mod signer;
mod tasks;

use std::sync::Arc;

pub(crate) use clock::{SystemClock, TokioTimer};
use domain::runtime::Runtime;
pub(crate) use hasher::BcryptHasher;
pub(crate) use ids::{RandomIds, uuid};
pub(crate) use signer::JwtSigner;
pub(crate) use tasks::Tasks;

/// The machine's ports, with `tasks` to start and await tasks.
pub(crate) fn runtime(tasks: &Arc<Tasks>) -> Runtime {
    let (clock, ids) = (Arc::new(SystemClock::new()), Arc::new(RandomIds::new()));
    let spawner: Arc<Tasks> = Arc::clone(tasks);
    Runtime {
        clock,
        timer: Arc::new(TokioTimer),
        spawner,
        ids,
    }
}
