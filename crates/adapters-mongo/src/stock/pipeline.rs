//! Expressions that several pipelines use.

use mongodb::bson::raw::CStr;
use mongodb::bson::{RawArrayBuf, RawBson, RawDocumentBuf, cstr, rawdoc};

/// The field that carries intermediate results from one stage to the next, and is gone at the end.
pub(super) const STEP: &CStr = cstr!("step");

/// The last stage of a pipeline with intermediate results.
pub(super) fn without_step() -> RawDocumentBuf {
    rawdoc! { "$unset": STEP.as_str() }
}

/// A value that came from outside, or might have: never an expression.
pub(super) fn literal(value: impl Into<RawBson>) -> RawDocumentBuf {
    rawdoc! { "$literal": value.into() }
}

/// The id of `$$hold`.
pub(super) const ID: &str = "$$hold.reservationId";
/// Up to here a list of ids is looked through from its beginning.
const SHORT: usize = 32;

/// The holds whose ids are among `ids`, or those that are not.
pub(super) fn holds_among(ids: &[String], among: bool) -> RawDocumentBuf {
    let mut sorted: Vec<&str> = ids.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let (first, last) = range(ids);
    let is_among = is_among(literal(first), literal(last), is_in_sorted(&sorted));
    holds_that(if among { is_among } else { not(is_among) })
}

/// Whether the id of `$$hold` is among `ids`, which are in order: by halves, since the server looks through a
/// list from its beginning.
fn is_in_sorted(ids: &[&str]) -> RawDocumentBuf {
    if ids.len() <= SHORT {
        return rawdoc! { "$in": [ID, literal(texts(ids))] };
    }
    let (before, behind) = ids.split_at(ids.len() / 2);
    let is_before = rawdoc! { "$lt": [ID, literal(behind[0])] };
    rawdoc! { "$cond": [is_before, is_in_sorted(before), is_in_sorted(behind)] }
}

/// The holds of which `condition` is true, which calls each `$$hold`.
pub(super) fn holds_that(condition: RawDocumentBuf) -> RawDocumentBuf {
    rawdoc! { "$filter": { "input": "$holds", "as": "hold", "cond": condition } }
}

/// Whether the id of `$$hold` is among those of which `first` is the least and `last` the greatest; `is_in` tells
/// whether it is one of them.
///
/// The server looks an id up in a list from its beginning. Ids begin with the time, and those that go
/// together are about as old as each other: most holds of a crowd lie outside of their range, and two
/// comparisons tell.
pub(super) fn is_among(
    first: impl Into<RawBson>,
    last: impl Into<RawBson>,
    is_in: RawDocumentBuf,
) -> RawDocumentBuf {
    rawdoc! { "$and": [
        { "$gte": [ID, first.into()] },
        { "$lte": [ID, last.into()] },
        is_in,
    ] }
}

/// The least and the greatest of `ids`; of none, what no id is.
pub(super) fn range(ids: &[String]) -> (&str, &str) {
    let (first, last) = (ids.iter().min(), ids.iter().max());
    (
        first.map_or("", String::as_str),
        last.map_or("", String::as_str),
    )
}

pub(super) fn not(condition: RawDocumentBuf) -> RawDocumentBuf {
    rawdoc! { "$not": [condition] }
}

/// The mark `held` of a document that will have `holds`. The index on it knows the events with holds.
pub(super) fn held(holds: impl Into<RawBson>) -> RawDocumentBuf {
    let is_empty = rawdoc! { "$eq": [holds.into(), []] };
    rawdoc! { "$cond": [is_empty, "$$REMOVE", true] }
}

/// `$stock` with, for each of `types`, the changed fields if the condition is met. A type that the
/// event does not have must not come into being, which setting `stock.<type>.<field>` would bring about.
pub(super) fn stock_with<'a>(types: impl IntoIterator<Item = TypeChange<'a>>) -> RawDocumentBuf {
    let mut parts = RawArrayBuf::new();
    parts.push("$stock");
    for change in types {
        let Ok(key) = <&CStr>::try_from(change.ticket_type) else {
            // No type has a NUL in its name. If one ever had, the server would refuse the statement.
            parts.push("no object");
            continue;
        };
        let path = format!("$stock.{key}");
        let entry = rawdoc! { key: { "$mergeObjects": [path, change.fields] } };
        parts.push(match change.condition {
            Some(condition) => rawdoc! { "$cond": [condition, entry, {}] },
            None => entry,
        });
    }
    rawdoc! { "$mergeObjects": parts }
}

/// An array of texts.
pub(super) fn texts<'a, T: AsRef<str> + 'a>(texts: impl IntoIterator<Item = &'a T>) -> RawArrayBuf {
    texts.into_iter().map(AsRef::as_ref).collect()
}

/// What happens to one ticket type.
pub(super) struct TypeChange<'a> {
    /// A checked key: it has neither `$` nor `.` and can stand in a path.
    pub(super) ticket_type: &'a str,
    /// When it happens; always if there is none.
    pub(super) condition: Option<RawDocumentBuf>,
    pub(super) fields: RawDocumentBuf,
}
