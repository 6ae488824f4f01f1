//! The indexes of the audit log. Every booking writes a record, and with it an entry into each of them: they
//! are as few as let every filter by itself be served in the order of time.

use mongodb::bson::{Document, doc};

/// What somebody did.
pub(crate) fn actor() -> Document {
    doc! { "actor.userId": 1, "at": 1, "_id": 1 }
}

/// What was done of one kind, and how it ended; and everything, as all kinds merged.
pub(crate) fn action() -> Document {
    doc! { "action": 1, "outcome": 1, "at": 1, "_id": 1 }
}

/// What was done to something.
pub(crate) fn target() -> Document {
    doc! { "target.kind": 1, "target.id": 1, "at": 1, "_id": 1 }
}
