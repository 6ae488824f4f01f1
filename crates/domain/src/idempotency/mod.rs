//! Idempotency: the same request under the same key is done once, and answered again.
//!
//! A key is remembered in the very step that does the work, by the store that does it: bookings,
//! cancellations and users in theirs, events in theirs. So no crash leaves work without its key or a key
//! without its work, and a request that is refused leaves its key free. What decides between two requests
//! at once is the store's unique key; looking it up first only saves work, and finds a key that the other
//! store knows.

mod key;
mod once;

use std::time::Duration;

pub use key::{Done, Fingerprint, IdempotencyKey, KeyClaim, KeyError, KeyUse, UserKey};
pub use once::{Remembered, RequestKeys};

/// How long a key is kept: twice as long as clients are told.
pub const KEY_LIFE: Duration = Duration::from_secs(48 * 3600);
