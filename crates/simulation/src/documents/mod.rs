//! The document store: events with their stock, and the audit log, on a replica set of which the
//! primary is written and a majority is read.

mod audit;
mod command;
mod document;
mod events;
mod replica_set;
mod stock;

use domain::error::StoreError;

use crate::line::{Line, Lost};

pub(crate) use document::Document;
pub(crate) use replica_set::{Collections, ReplicaSet};

/// The ports of the document store, for one life of an instance.
#[derive(Clone)]
pub(crate) struct Documents(Line);

impl Documents {
    pub(crate) fn new(line: Line) -> Self {
        Self(line)
    }
}

fn lost(lost: Lost) -> StoreError {
    let why = match lost {
        Lost::NotSent => "not sent",
        Lost::Unknown => "no answer",
    };
    StoreError::unavailable("mongodb", why)
}
