//! The stock inside the events' documents: each step one pipeline update, so that the server decides
//! and moves in the same atomic step.

pub(crate) mod closing;
pub(crate) mod correction;
pub(crate) mod holds;
mod outcomes;
mod pipeline;
pub(crate) mod reserve;
pub(crate) mod returns;
mod several;
pub(crate) mod stale;
mod wishes;
