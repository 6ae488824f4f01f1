//! Users, sessions, bookings and what bookings leave behind, the same on MySQL and on SQLite.

mod bookings;
mod checkpoint;
mod keys;
mod logins;
mod marks;
mod outbox;
mod returns;
mod sessions;
mod users;

use crate::Step;
use crate::dialect::Dialect;

/// The migrations, oldest first.
pub(crate) fn steps(dialect: Dialect) -> Vec<Step> {
    vec![
        dialect.table("m0001_users", &mut users::table(dialect)),
        dialect.index(
            "m0002_users_by_role",
            users::Users::Table,
            &mut users::by_role(),
        ),
        dialect.table("m0003_admin_guard", &mut users::admin_guard()),
        users::admin_guard_row("m0004_admin_guard_row"),
        dialect.table("m0005_bookings", &mut bookings::table(dialect)),
        dialect.index(
            "m0006_bookings_by_user",
            bookings::Bookings::Table,
            &mut bookings::by_user(),
        ),
        dialect.index(
            "m0007_bookings_by_event",
            bookings::Bookings::Table,
            &mut bookings::by_event(),
        ),
        dialect.index(
            "m0008_bookings_by_key_time",
            bookings::Bookings::Table,
            &mut bookings::by_key_time(),
        ),
        dialect.table("m0009_stock_returns", &mut returns::table()),
        dialect.table("m0010_outbox", &mut outbox::table(dialect)),
        dialect.index(
            "m0011_outbox_by_event",
            outbox::Outbox::Table,
            &mut outbox::by_event(),
        ),
        dialect.table("m0012_recovery_marks", &mut marks::table()),
        dialect.table("m0013_checkpoint", &mut checkpoint::table()),
        dialect.table("m0014_sessions", &mut sessions::table(dialect)),
        dialect.index(
            "m0015_sessions_by_expiry",
            sessions::Sessions::Table,
            &mut sessions::by_expiry(),
        ),
        dialect.table(
            "m0016_refresh_tokens",
            &mut sessions::refresh_tokens(dialect),
        ),
        dialect.index(
            "m0017_refresh_tokens_by_expiry",
            sessions::RefreshTokens::Table,
            &mut sessions::refresh_tokens_by_expiry(),
        ),
        dialect.table("m0018_login_attempts", &mut logins::attempts()),
        dialect.index(
            "m0019_login_attempts_by_time",
            logins::LoginAttempts::Table,
            &mut logins::attempts_by_time(),
        ),
        dialect.table("m0020_login_places", &mut logins::places()),
        dialect.index(
            "m0021_login_places_by_time",
            logins::LoginPlaces::Table,
            &mut logins::places_by_time(),
        ),
        dialect.table("m0022_idempotency_keys", &mut keys::table(dialect)),
        dialect.index(
            "m0023_idempotency_keys_by_time",
            keys::IdempotencyKeys::Table,
            &mut keys::by_time(),
        ),
    ]
}
