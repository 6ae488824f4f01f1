//! Test support: what unit tests, other crates' tests and the tests of the backends share.
//!
//! - [`memory`]: every store port in memory, faithful to the ports' contracts;
//! - [`contract`]: the contracts themselves as test suites that any backend can run;
//! - [`ManualClock`], [`SequentialIds`], [`PlainHasher`], [`PlainSigner`]: the machine, tame.
//!
//! The module is there for tests and behind the feature `testing`. It panics where a test should
//! fail.

pub mod contract;
pub mod memory;

mod clock;
mod hasher;
mod ids;
mod signer;

pub use clock::ManualClock;
pub use hasher::PlainHasher;
pub use ids::SequentialIds;
pub use memory::{MemoryBackend, MemoryDocuments, MemoryRelational};
pub use signer::PlainSigner;
