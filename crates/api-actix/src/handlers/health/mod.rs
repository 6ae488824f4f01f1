//! `/health`: for those who watch the process.

pub(crate) mod live;
pub(crate) mod ready;
