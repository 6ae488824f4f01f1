//! Expressions that several pipelines use.

use mongodb::bson::{Bson, Document, doc};

/// The field that carries intermediate results from one stage to the next, and is gone at the end.
pub(super) const STEP: &str = "step";

/// The last stage of a pipeline with intermediate results.
pub(super) fn without_step() -> Document {
    doc! { "$unset": STEP }
}

/// A value that came from outside, or might have: never an expression.
pub(super) fn literal(value: impl Into<Bson>) -> Document {
    doc! { "$literal": value.into() }
}

/// The holds whose ids are among `ids`, or those that are not.
pub(super) fn holds_among(ids: &[String], among: bool) -> Document {
    let is_among = doc! { "$in": ["$$hold.reservationId", literal(ids)] };
    let condition = if among {
        is_among
    } else {
        doc! { "$not": [is_among] }
    };
    doc! { "$filter": { "input": "$holds", "as": "hold", "cond": condition } }
}

/// The mark `held` of a document that will have `holds`. The index on it knows the events with holds.
pub(super) fn held(holds: impl Into<Bson>) -> Document {
    let is_empty = doc! { "$eq": [holds.into(), []] };
    doc! { "$cond": [is_empty, "$$REMOVE", true] }
}

/// `$stock` with, for each of `types`, the changed fields if the condition is met. A type that the
/// event does not have must not come into being, which setting `stock.<type>.<field>` would bring about.
pub(super) fn stock_with(types: impl IntoIterator<Item = TypeChange>) -> Document {
    let changes = types.into_iter().map(|change| {
        let path = format!("$stock.{}", change.ticket_type);
        let entry = doc! { change.ticket_type: { "$mergeObjects": [path, change.fields] } };
        Bson::Document(doc! { "$cond": [change.condition, entry, {}] })
    });
    let parts: Vec<Bson> = std::iter::once(Bson::from("$stock"))
        .chain(changes)
        .collect();
    doc! { "$mergeObjects": parts }
}

/// What happens to one ticket type.
pub(super) struct TypeChange {
    /// A checked key: it has neither `$` nor `.` and can stand in a path.
    pub(super) ticket_type: String,
    pub(super) condition: Document,
    pub(super) fields: Document,
}
