//! Slowing those who guess passwords, without locking out those whose passwords they are.
//!
//! Each attempt is charged to *buckets* before its password is looked at, so that of many guesses at the
//! same moment few get through. A bucket with more failures than are free makes the next attempt wait:
//! 1, 2, 4 … seconds, [`LONGEST_WAIT`] at most. An attempt that is refused for that is not charged, so
//! nobody prolongs the wait by trying.
//!
//! A *place* is an account and an address together.
//!
//! - From a *known* place, an address that signed in to this account in the last [`KNOWN_FOR`], attempts
//!   are charged to the place alone: what strangers do does not slow them.
//! - From any other, a *stranger's*, they are charged to the account, the address and the place. Where the
//!   account makes wait, one attempt a minute from each place is let in nevertheless: the owner may come
//!   from somewhere new, and whoever guesses without end would always take the account's next turn.
//!
//! Whether there is such an account makes no difference. Everything is kept by hash, and counted by the
//! store's clock, for all instances.

mod keys;
mod policy;
mod ports;

pub use keys::{Attempt, BucketKey};
pub use policy::{
    ACCOUNT, ADDRESS, Bucket, KNOWN_FOR, KNOWN_PLACE, LONGEST_WAIT, NEW_PLACE, Policy, REMEMBERED,
    decide,
};
#[cfg(any(test, feature = "testing"))]
pub use ports::MockLoginAttempts;
pub use ports::{Admission, Charge, LoginAttempts};
