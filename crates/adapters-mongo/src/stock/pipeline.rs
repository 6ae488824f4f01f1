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

/// The id of a hold that is looked at.
const ID: &str = "$$id";
/// Up to here a list of ids is looked through one by one: as many ids of a lot, or as many as are asked for.
const SHORT: usize = 32;

/// The ids in `$$lot` of ours.
pub(super) const IDS_OF_LOT: &str = "$$lot.reservationIds";

/// The ids of the holds in `$$lot`. Instances of the version before leave holds of one `reservationId` each, and
/// know no others: to them such a hold must look as it did for as long as it is there.
pub(super) fn ids_of_lot() -> RawDocumentBuf {
    rawdoc! { "$cond": [{ "$isArray": [IDS_OF_LOT] }, IDS_OF_LOT, ["$$lot.reservationId"]] }
}

/// How many holds are in `$$lot`.
fn holds_in_lot() -> RawDocumentBuf {
    rawdoc! { "$size": ids_of_lot() }
}

/// The lots without the holds of these ids; a lot without holds goes.
pub(super) fn lots_without(ids: &[String]) -> RawDocumentBuf {
    let mut sorted: Vec<&str> = ids.iter().map(String::as_str).collect();
    sorted.sort_unstable();
    let (first, last) = range(ids);
    let is_gone = is_among(literal(first), literal(last), is_in_sorted(&sorted));
    lots_less(literal(texts(ids)), is_gone)
}

/// The lots without the holds whose ids are in the array `gone`; `is_gone` tells whether [`ID`] is.
///
/// The server makes a set of `gone` for each difference: right for the few large lots of a crowd, and too much for
/// each of a thousand lots of one hold, as bookings with a key leave them.
fn lots_less(gone: impl Into<RawBson>, is_gone: RawDocumentBuf) -> RawDocumentBuf {
    let one_by_one = rawdoc! { "$filter": { "input": "$$ids", "as": "id", "cond": not(is_gone) } };
    let short = i64::try_from(SHORT).unwrap_or(i64::MAX);
    let left = rawdoc! { "$cond": [
        { "$lte": [{ "$size": "$$ids" }, short] },
        one_by_one,
        { "$setDifference": ["$$ids", gone.into()] },
    ] };
    let as_it_was = rawdoc! { "$eq": [{ "$size": "$$left" }, { "$size": "$$ids" }] };
    let with_those_left = rawdoc! { "$mergeObjects": ["$$lot", { "reservationIds": "$$left" }] };
    let lot = rawdoc! { "$let": {
        "vars": { "ids": ids_of_lot() },
        "in": { "$let": {
            "vars": { "left": left },
            "in": { "$cond": [as_it_was, "$$lot", with_those_left] },
        } },
    } };
    rawdoc! { "$filter": {
        "input": { "$map": { "input": "$holds", "as": "lot", "in": lot } },
        "as": "lot",
        "cond": { "$ne": [IDS_OF_LOT, []] },
    } }
}

/// The lots without the holds that `$step` settles.
pub(super) fn lots_without_settled() -> RawDocumentBuf {
    let settled = "$step.settle";
    let is_in = rawdoc! { "$in": [ID, settled] };
    let less = lots_less(settled, is_among("$step.first", "$step.last", is_in));
    rawdoc! { "$cond": [{ "$eq": [settled, []] }, "$holds", less] }
}

/// How many holds there are; null where somebody broke them.
pub(super) fn hold_count() -> RawDocumentBuf {
    let counts = rawdoc! { "$map": { "input": "$holds", "as": "lot", "in": holds_in_lot() } };
    rawdoc! { "$cond": [{ "$isArray": ["$holds"] }, { "$sum": counts }, null] }
}

/// Of how many tickets the holds of `$$type` are that are in the array `lots`.
pub(super) fn tickets_held(lots: &str) -> RawDocumentBuf {
    let of_lot = rawdoc! { "$cond": [
        { "$eq": ["$$lot.ticketType", "$$type.k"] },
        // As a sum: what is no number would be an error of every release of the event.
        { "$multiply": [{ "$sum": "$$lot.quantity" }, holds_in_lot()] },
        0_i64,
    ] };
    rawdoc! { "$sum": { "$map": { "input": lots, "as": "lot", "in": of_lot } } }
}

/// Whether [`ID`] is among `ids`, which are in order: by halves, since the server looks through a list from its
/// beginning.
fn is_in_sorted(ids: &[&str]) -> RawDocumentBuf {
    if ids.len() <= SHORT {
        return rawdoc! { "$in": [ID, literal(texts(ids))] };
    }
    let (before, behind) = ids.split_at(ids.len() / 2);
    let is_before = rawdoc! { "$lt": [ID, literal(behind[0])] };
    rawdoc! { "$cond": [is_before, is_in_sorted(before), is_in_sorted(behind)] }
}

/// Whether [`ID`] is among those of which `first` is the least and `last` the greatest; `is_in` tells whether it
/// is one of them.
///
/// Ids begin with the time, and those that go together are about as old as each other: most lots of one lie outside
/// of their range, and two comparisons tell.
fn is_among(
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
