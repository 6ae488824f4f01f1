//! What the process tells of itself: log lines, and metrics.

mod logs;
mod metrics;
mod process;
mod table;

pub(crate) use self::logs::start;
pub(crate) use self::metrics::Metrics;
pub(crate) use self::table::{HASHES_REFUSED, HASHES_WAITING};
