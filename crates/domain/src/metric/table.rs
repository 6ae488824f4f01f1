//! What the use cases and their background work measure.

use super::Kind::{Counter, Gauge, Histogram};

/// From a lone call to the largest group.
const SIZES: &[f64] = &[
    1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1_024.0,
];

crate::metric_table! {
    BOOKINGS: Counter, "boxoffice_bookings_total", ["outcome"],
        "Requests to book, by what they came to; confirmed is a booking made, replayed one told again.";
    CANCELLATIONS: Counter, "boxoffice_cancellations_total", ["outcome"],
        "Requests to cancel a booking, by what they came to.";

    PASSWORD_CHECKS: Counter, "boxoffice_password_checks_total", ["outcome"],
        "Passwords that somebody tried: right, wrong, or slowed (not looked at, since too many were wrong before).";

    GROUP_SIZE: Histogram(SIZES), "boxoffice_group_size", ["kind"],
        "Calls that shared a round trip, by kind of call.";
    GROUP_WAITING: Gauge, "boxoffice_group_queue_depth", ["kind"],
        "Calls that wait for the next group, by kind of call.";
    GROUP_LIMIT: Gauge, "boxoffice_group_queue_limit", ["kind"],
        "Calls that may wait for the next group (BOOKING_QUEUE_MAX), for the kinds of call that have a bound.";
    GROUP_REFUSED: Counter, "boxoffice_group_refused_total", ["kind"],
        "Calls turned away because as many waited as may, by kind of call.";

    HOLDS_TO_SETTLE: Gauge, "boxoffice_holds_to_settle", [],
        "Holds of this instance whose bookings are made and that are still in their events.";
    OUTBOX_LAG: Gauge, "boxoffice_outbox_lag_seconds", [],
        "Age of the oldest outbox row that the last round could not carry over; 0 if it left none.";
    OUTBOX_ROWS: Counter, "boxoffice_outbox_rows_total", ["outcome"],
        "Outbox rows that rounds of the relay carried over, or could not read (each round counts them again).";
    AUDIT_WAITING: Gauge, "boxoffice_audit_records_waiting", [],
        "Audit records in memory that are still to be written.";
    AUDIT_LOST: Counter, "boxoffice_audit_records_lost_total", [],
        "Audit records dropped because the audit log did not keep up.";

    RECOVERY_EXAMINED: Counter, "boxoffice_recovery_holds_examined_total", [],
        "Holds older than the grace that rounds of recovery looked into.";
    RECOVERY_ENDED: Counter, "boxoffice_recovery_holds_total", ["outcome"],
        "Holds that recovery brought to their end: settled with their booking, or released into the stock.";
    RECOVERY_FENCES: Counter, "boxoffice_recovery_fences_total", [],
        "Fences that recovery put up against commits that might still come.";
    RECOVERY_OPEN: Gauge, "boxoffice_recovery_holds_open", [],
        "Holds older than the grace that the last round of recovery left as they are.";
    RECOVERY_REOPENED: Counter, "boxoffice_recovery_events_reopened_total", [],
        "Events that nobody was deleting any more and that take reservations again.";
    UPKEEP_ROUNDS: Counter, "boxoffice_upkeep_rounds_total", ["work", "outcome"],
        "Rounds of background work, by work and by whether they were done or failed.";

    POOL_CONNECTIONS: Gauge, "boxoffice_pool_connections", ["pool", "state"],
        "Open connections to a store, by pool and by whether they are in_use or idle.";
    POOL_LIMIT: Gauge, "boxoffice_pool_connections_limit", ["pool"],
        "The most connections that a pool opens.";
    POOL_FAILED: Counter, "boxoffice_pool_failures_total", ["pool"],
        "Requests for a connection that got none in time, for pools that tell (mongodb).";
    POOL_CLOSED: Counter, "boxoffice_pool_closed_total", ["pool"],
        "Connections that a pool closed, for pools that tell (mongodb).";
    STORE_UP: Gauge, "boxoffice_store_up", ["store"],
        "Whether the store gave its last sign of life (1) or is away (0).";
}
