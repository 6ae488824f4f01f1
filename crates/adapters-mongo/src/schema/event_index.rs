//! The indexes along which events are listed. Every reservation writes to its event, and the server then
//! looks whether the entries in each of them are still the same.

use mongodb::bson::{Document, doc};

/// All events.
pub(crate) fn date() -> Document {
    doc! { "date": 1, "_id": 1 }
}

/// Those of a tag.
pub(crate) fn tag() -> Document {
    doc! { "metadata.tags": 1, "date": 1, "_id": 1 }
}
