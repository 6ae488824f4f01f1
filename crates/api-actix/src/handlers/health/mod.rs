//! `/health`: for those who watch the process.

mod live;
mod ready;

pub(crate) use live::live;
pub(crate) use ready::ready;
