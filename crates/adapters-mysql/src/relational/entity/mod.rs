//! The tables as sea-orm sees them; what they mean is said in `migrations`.
#![expect(
    unreachable_pub,
    reason = "the derives need public items, which nobody outside sees"
)]

pub(crate) mod admin_guard;
pub(crate) mod bookings;
pub(crate) mod checkpoint;
pub(crate) mod idempotency_keys;
pub(crate) mod login_attempts;
pub(crate) mod login_places;
pub(crate) mod outbox;
pub(crate) mod recovery_marks;
pub(crate) mod refresh_tokens;
pub(crate) mod sessions;
pub(crate) mod stock_returns;
pub(crate) mod users;
