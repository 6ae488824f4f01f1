//! Slowing those who guess passwords, without locking out those whose passwords they are.
//!
//! Each attempt is charged to *buckets* before its password is looked at, so that of many guesses at the
//! same moment few get through. A bucket with more failures than are free makes the next attempt wait:
//! 1, 2, 4 … seconds, [`LONGEST_WAIT`] at most. An attempt that is refused for that is not charged, so
//! nobody prolongs the wait by trying.
//!
//! - A *stranger*, whose address did not sign in to the account before, is charged to the account's bucket
//!   and to that of the address.
//! - From a *known place*, an address that signed in to this account in the last [`KNOWN_FOR`], attempts
//!   have a bucket of their own: what strangers do does not slow them.
//!
//! Whether there is such an account makes no difference. Everything is kept by hash, and counted by the
//! store's clock, for all instances.

mod keys;
mod policy;
mod ports;

pub use keys::{Attempt, BucketKey};
pub use policy::{
    ACCOUNT, ADDRESS, Bucket, KNOWN_FOR, KNOWN_PLACE, LONGEST_WAIT, Policy, REMEMBERED, decide,
};
#[cfg(any(test, feature = "testing"))]
pub use ports::MockLoginAttempts;
pub use ports::{Admission, Charge, LoginAttempts};
