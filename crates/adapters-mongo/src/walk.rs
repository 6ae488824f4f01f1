//! Walking a list along an index that has its order.

use domain::cursor::Moment;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, Document, doc};

use crate::event_document::date;

/// The ranges of an index over the moment `field` and `_id` that hold the rows behind `after`: the rest of
/// its own moment, and all behind that. `span` bounds the moment; the order descends if `direction` is below 0.
pub(crate) fn ranges(
    field: &str,
    span: Document,
    direction: i32,
    after: Option<Moment>,
) -> Vec<Document> {
    let Some(after) = after else {
        return vec![match span.is_empty() {
            true => Document::new(),
            false => doc! { field: span },
        }];
    };
    let behind = if direction < 0 { "$lt" } else { "$gt" };
    let (at, id) = (date(after.at), ObjectId::from_bytes(after.id));
    let mut same = span.clone();
    same.insert("$eq", at);
    // Both bounds on one side may be there, the span's and the cursor's: the closer one counts.
    let mut beyond = vec![doc! { field: { behind: at } }];
    if !span.is_empty() {
        beyond.push(doc! { field: span });
    }
    vec![
        doc! { field: same, "_id": { behind: id } },
        doc! { "$and": beyond },
    ]
}

/// What lies in one of the ranges and is `wanted`. Each alternative names all of it, so that the server
/// plans for each a walk of its own and merges them.
pub(crate) fn within(ranges: Vec<Document>, wanted: &Document) -> Document {
    let mut ranges = ranges.into_iter().map(|range| match wanted.is_empty() {
        true => range,
        // Either may have an `$and`.
        false if range.contains_key("$and") => doc! { "$and": [range, wanted.clone()] },
        false => wanted.clone().into_iter().chain(range).collect(),
    });
    match (ranges.next(), ranges.next()) {
        (Some(one), None) => one,
        (one, other) => {
            let ranges = one.into_iter().chain(other).map(Bson::from);
            doc! { "$or": ranges.collect::<Vec<_>>() }
        }
    }
}
