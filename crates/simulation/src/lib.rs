//! The booking protocol under seeded faults, in virtual time.
//!
//! The use cases, recovery, relay and upkeep are the real ones of `domain`, in two instances. Beneath
//! their ports stand a simulated relational server and a simulated replica set of documents, which are
//! atomic only where real ones are, and durable only when real ones are: a commit is seen before it is
//! on disk, a write before a majority has it, and a kill or a fail-over takes back what was not. At every
//! call something can go wrong: nothing is sent, the answer is lost, the statement takes effect after its
//! sender has given up, the instance stands still, or dies.
//!
//! One seed decides everything, so [`run`] with the same seed does the same. What must be true at every
//! moment is checked after every write, what a client is told when it is told, and the rest at the end,
//! when faults have stopped and recovery has had its time. Deliberate mistakes ([`Mutation`]) show that
//! the checks would notice.

mod answers;
mod check;
mod cluster;
mod dice;
mod documents;
mod instance;
mod line;
mod load;
mod machine;
mod mutants;
mod mutation;
mod profile;
mod relational;
mod run;
mod search;
mod state;
mod tasks;
mod trace;
mod world;

pub use mutation::Mutation;
pub use run::{Report, Tally, run};
pub use search::{Found, search};
