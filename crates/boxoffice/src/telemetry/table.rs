//! What the process measures about itself, and the table of everything that is measured.

use domain::metric::Kind::{Counter, Gauge};
use domain::metric::Metric;

domain::metric_table! {
    HASHES_WAITING: Gauge, "boxoffice_password_hashes_waiting", [],
        "Sign-ins and registrations that wait for their password to be hashed.";
    HASHES_REFUSED: Counter, "boxoffice_password_hashes_refused_total", [],
        "Sign-ins and registrations turned away because too many waited, or one too long.";

    BUILD_INFO: Gauge, "boxoffice_build_info", ["version"],
        "1, with the version of the program.";
    START_TIME: Gauge, "process_start_time_seconds", [],
        "When the process started, in seconds since 1970.";
    RESIDENT_MEMORY: Gauge, "process_resident_memory_bytes", [],
        "Memory that the process holds (Linux only).";
}

/// Everything that is measured.
pub(super) fn everything() -> impl Iterator<Item = &'static Metric> {
    domain::metric::METRICS
        .iter()
        .chain(api_actix::METRICS)
        .chain(METRICS)
}
