//! The relational store: bookings, counters of returns and the outbox, by transactions that lock, wait
//! and are on disk a moment after they are seen. There is no table of users: nobody is deleted here.

mod bookings;
mod cancel;
mod commit;
mod engine;
mod fence;
mod outbox;
mod tables;
mod transaction;

use domain::error::StoreError;

use crate::line::Line;

pub(crate) use engine::Engine;
pub(crate) use tables::{Key, Tables, is_confirmed};

/// The ports of the relational store, for one life of an instance.
#[derive(Clone)]
pub(crate) struct Relational(Line);

impl Relational {
    pub(crate) fn new(line: Line) -> Self {
        Self(line)
    }
}

fn lost(error: transaction::TxError) -> StoreError {
    StoreError::unavailable("mysql", format!("{error:?}"))
}
