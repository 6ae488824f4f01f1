//! `/api/logs`: who did what.

mod input;
pub(crate) mod paginate;

pub(crate) use input::DEFAULT_LIMIT;
