//! What the process tells of itself: log lines, metrics, and traces.

mod logs;
mod metrics;
mod process;
mod table;
mod traces;

pub(crate) use self::logs::start;
pub(crate) use self::metrics::Metrics;
pub(crate) use self::table::{HASHES_REFUSED, HASHES_WAITING};
pub(crate) use self::traces::Traces;
