//! What several events are asked for, as one statement for all of them.
//!
//! The server reads and plans a pipeline anew for each statement, which costs more than carrying it out. So
//! events that are asked at the same time share one: it carries what each of them is asked for, and an event
//! looks its own part up. Each event is still updated by itself and as a whole.

use std::collections::BTreeMap;

use domain::event::EventId;
use domain::stock::TicketType;
use mongodb::bson::{RawArrayBuf, RawDocumentBuf, rawdoc};

use super::pipeline::{
    IDS_OF_LOT, STEP, TypeChange, held, literal, lots_without_settled, not, range, texts,
    without_step,
};
use super::wishes::{
    ROOM, Wishes, and, available, event_with, first_of_lot, fits, held_keys, new_lot, open,
    quantity, twins, with_room,
};
use crate::event_document::object_id;
use crate::update_command::statement_for_each;

/// The most events of one statement: each looks its part up from the first on.
const MOST: usize = 64;

/// Statements for all events, if what they are asked for is all of one type of tickets.
pub(super) fn statements(events: &BTreeMap<EventId, Wishes<'_>>) -> Option<Vec<RawDocumentBuf>> {
    let ticket_type = only_type(events)?;
    let events: Vec<_> = events.iter().collect();
    let pieces = events.chunks(MOST);
    Some(
        pieces
            .map(|piece| statement(piece, ticket_type.as_str()))
            .collect(),
    )
}

fn only_type<'a>(events: &BTreeMap<EventId, Wishes<'a>>) -> Option<&'a TicketType> {
    let wishes = events.values().flat_map(|wishes| &wishes.reserve);
    let mut types = wishes.map(|wish| &wish.ticket_type);
    let first = types.next()?;
    types.all(|other| other == first).then_some(first)
}

fn statement(events: &[(&EventId, &Wishes<'_>)], ticket_type: &str) -> RawDocumentBuf {
    let ids = || -> RawArrayBuf { events.iter().map(|(id, _)| object_id(**id)).collect() };
    let parts: RawArrayBuf = events.iter().map(|(_, wishes)| part(wishes)).collect();
    let own = rawdoc! { "$arrayElemAt": [
        literal(parts),
        { "$indexOfArray": [literal(ids()), "$_id"] },
    ] };
    let pipeline = vec![
        rawdoc! { "$set": { STEP: own } },
        rawdoc! { "$set": { "holds": lots_without_settled() } },
        rawdoc! { "$replaceWith": decided(ticket_type) },
        rawdoc! { "$set": { "held": held("$holds") } },
        without_step(),
    ];
    statement_for_each(rawdoc! { "_id": { "$in": ids() } }, pipeline)
}

/// What one event is asked for, and what can be said of it before.
fn part(wishes: &Wishes<'_>) -> RawDocumentBuf {
    let (keys, reserve) = (wishes.keys(), &wishes.reserve);
    let (first, last) = range(&wishes.settle);
    let quantities = || reserve.iter().map(|wish| quantity(wish));
    let equal = wishes.equal();
    let lots = wishes.lots();
    // Those that are equal are never looked at one by one, and those of which none is like another are so already.
    let are_of_one = lots.len() == reserve.len();
    let lots_of_one = match equal {
        None if !are_of_one => wishes.lots_of_one(),
        _ => RawArrayBuf::new(),
    };
    rawdoc! {
        "settle": texts(&wishes.settle),
        "first": first,
        "last": last,
        "lots": RawArrayBuf::from_iter(lots),
        "lotsOfOne": lots_of_one,
        "count": i64::try_from(reserve.len()).unwrap_or(i64::MAX),
        "tickets": quantities().sum::<i64>(),
        // Nobody asks: nothing is enough.
        "smallest": quantities().min().unwrap_or(i64::MAX),
        "equal": equal.map_or(0, quantity),
        "twins": texts(&twins(&keys)),
        "keys": texts(&keys),
    }
}

/// The event after the decision; as it was if nothing is granted.
fn decided(ticket_type: &str) -> RawDocumentBuf {
    let available = available(ticket_type);
    let taken = || {
        let of_lot = rawdoc! { "$multiply": ["$$lot.quantity", { "$size": IDS_OF_LOT }] };
        rawdoc! { "$sum": { "$map": { "input": "$$granted", "as": "lot", "in": of_lot } } }
    };
    let change = TypeChange {
        ticket_type,
        condition: None,
        fields: rawdoc! { "available": { "$subtract": [available.as_str(), taken()] } },
    };
    let lots = rawdoc! { "$map": { "input": "$$granted", "in": new_lot() } };
    let event = event_with(lots, [change], taken());
    with_room(rawdoc! { "$let": {
        "vars": { "granted": granted(&available) },
        "in": { "$cond": [{ "$eq": ["$$granted", []] }, "$$ROOT", event] },
    } })
}

/// The lots that are granted, of an event with so many tickets `available`.
fn granted(available: &str) -> RawDocumentBuf {
    let that_fit = rawdoc! { "$min": [
        "$step.count", { "$toLong": { "$divide": [available, "$step.equal"] } }, ROOM,
    ] };
    let lot = rawdoc! { "$first": "$step.lots" };
    let ids = rawdoc! { "$let": { "vars": { "lot": lot.clone() }, "in": IDS_OF_LOT } };
    let first_that_fit = RawArrayBuf::from_iter([first_of_lot(lot, ids, that_fit)]);
    let all_fit = rawdoc! { "$and": [
        { "$gte": [available, "$step.tickets"] },
        { "$lte": ["$step.count", ROOM] },
        { "$eq": ["$step.twins", []] },
        { "$eq": [held_keys("$step.keys"), []] },
    ] };
    rawdoc! { "$switch": {
        "branches": [
            { "case": not(and(open())), "then": [] },
            // What is not there is less than any number.
            { "case": { "$lt": [available, "$step.smallest"] }, "then": [] },
            { "case": { "$lte": [ROOM, 0_i64] }, "then": [] },
            { "case": { "$gt": ["$step.equal", 0_i64] }, "then": first_that_fit },
            { "case": all_fit, "then": "$step.lots" },
        ],
        "default": one_by_one(available),
    } }
}

/// Those that can be granted after those before them.
fn one_by_one(available: &str) -> RawDocumentBuf {
    let fits = fits("$$value.left", Some("$step.twins".into()));
    let grant = rawdoc! {
        "left": { "$subtract": ["$$value.left", "$$this.quantity"] },
        "granted": { "$concatArrays": ["$$value.granted", ["$$this"]] },
    };
    let are_of_one = rawdoc! { "$eq": ["$step.lotsOfOne", []] };
    let decided = rawdoc! { "$reduce": {
        "input": { "$cond": [are_of_one, "$step.lots", "$step.lotsOfOne"] },
        "initialValue": { "left": available, "granted": [] },
        "in": { "$cond": [fits, grant, "$$value"] },
    } };
    rawdoc! { "$let": {
        "vars": { "keys": held_keys("$step.keys") },
        "in": { "$let": { "vars": { "decided": decided }, "in": "$$decided.granted" } },
    } }
}
