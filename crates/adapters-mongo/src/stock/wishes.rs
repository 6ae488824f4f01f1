//! What one event is asked for, as a pipeline that decides for itself.
//!
//! Of equal wishes the first are granted, as many as fit; of different ones nearly always all fit or none
//! does, and only otherwise they are counted one by one. The server reads and plans a pipeline anew for
//! every event of every group: what it costs is above all its length.

use std::collections::HashSet;

use domain::stock::{MAX_HOLDS, Reservation};
use mongodb::bson::{RawArrayBuf, RawBson, RawDocumentBuf, cstr, rawdoc};

use super::pipeline::{
    TypeChange, held, hold_count, literal, lots_without, not, stock_with, texts,
};

/// What one event is asked for.
#[derive(Default)]
pub(super) struct Wishes<'a> {
    pub(super) settle: Vec<String>,
    pub(super) reserve: Vec<&'a Reservation>,
}

impl Wishes<'_> {
    /// Settles, then decides in order of arrival, then moves what was granted. When nothing is settled
    /// or granted the document comes out as it went in, and nothing is written at all.
    pub(super) fn pipeline(&self) -> Vec<RawDocumentBuf> {
        let mut stages = Vec::new();
        if !self.settle.is_empty() {
            stages.push(rawdoc! { "$set": { "holds": lots_without(&self.settle) } });
        }
        if !self.reserve.is_empty() {
            stages.push(rawdoc! { "$replaceWith": self.decided() });
        }
        if !self.settle.is_empty() {
            stages.push(rawdoc! { "$set": { "held": held("$holds") } });
        }
        stages
    }

    /// The event after the decision.
    fn decided(&self) -> RawDocumentBuf {
        let is_alone = self.reserve.len() == 1;
        if let Some(first) = self.equal().filter(|_| !is_alone) {
            return with_room(self.first_that_fit(first));
        }
        let all = self.with_all();
        let all_fit = and([open(), self.all_fit()].concat());
        if is_alone {
            return with_room(rawdoc! { "$cond": [all_fit, all, "$$ROOT"] });
        }
        let some_fit = and([open(), vec![self.smallest_fits()]].concat());
        with_room(rawdoc! { "$switch": {
            "branches": [
                { "case": all_fit, "then": all },
                { "case": some_fit, "then": self.one_by_one() },
            ],
            "default": "$$ROOT",
        } })
    }

    /// One of the wishes, if all are for the same and nobody brought a key.
    pub(super) fn equal(&self) -> Option<&Reservation> {
        let (first, others) = self.reserve.split_first()?;
        let are_equal =
            first.key_hash.is_none() && others.iter().all(|wish| are_alike(first, wish));
        are_equal.then_some(*first)
    }

    /// The event after the decision on wishes that are equal: as many are granted as there are tickets
    /// and room for, from the first on.
    fn first_that_fit(&self, first: &Reservation) -> RawDocumentBuf {
        let (key, quantity) = (first.ticket_type.as_str(), quantity(first));
        let most = i64::try_from(self.reserve.len()).unwrap_or(i64::MAX);
        let tickets = rawdoc! { "$toLong": { "$divide": [available(key), quantity] } };
        let taken = || rawdoc! { "$multiply": ["$$count", quantity] };
        let change = TypeChange {
            ticket_type: key,
            condition: None,
            fields: rawdoc! { "available": { "$subtract": [available(key), taken()] } },
        };
        let lot = first_of_lot(
            literal(lot(first, RawArrayBuf::new())),
            literal(ids_of(self.reserve.iter().copied())),
            "$$count",
        );
        let lots = RawArrayBuf::from_iter([rawdoc! { "$mergeObjects": [lot, { "at": "$$NOW" }] }]);
        let event = event_with(lots, [change], taken());
        let mut some_fit = open();
        some_fit.push(rawdoc! { "$gte": [available(key), quantity] });
        some_fit.push(rawdoc! { "$gt": [ROOM, 0_i64] });
        let granted = rawdoc! { "$let": {
            "vars": { "count": { "$min": [most, tickets, ROOM] } },
            "in": event,
        } };
        rawdoc! { "$cond": [and(some_fit), granted, "$$ROOT"] }
    }

    /// The event with those wishes granted that fit behind those before them.
    fn one_by_one(&self) -> RawDocumentBuf {
        let types = self.types();
        let changes = types.iter().map(|key| {
            let is_of_type = rawdoc! { "$eq": ["$$this.ticketType", literal(*key)] };
            let quantity = rawdoc! { "$cond": [is_of_type, "$$this.quantity", 0_i64] };
            let taken = rawdoc! { "$map": { "input": "$$granted", "in": quantity } };
            TypeChange {
                ticket_type: key,
                // What is not there is less than any number, and than null.
                condition: Some(rawdoc! { "$gt": [available(key), null] }),
                fields: rawdoc! { "available": {
                    "$subtract": [available(key), { "$sum": taken }],
                } },
            }
        });
        let taken = rawdoc! { "$sum": "$$granted.quantity" };
        let event = event_with("$$granted", changes, taken);
        rawdoc! { "$let": {
            "vars": { "granted": self.those_that_fit(&types) },
            "in": { "$cond": [{ "$eq": ["$$granted", []] }, "$$ROOT", event] },
        } }
    }

    /// Whether of some type there is enough for the smallest wish.
    fn smallest_fits(&self) -> RawDocumentBuf {
        let fits = self.types().into_iter().map(|key| {
            let smallest = self.quantities(key).min().unwrap_or(0);
            rawdoc! { "$gte": [available(key), smallest] }
        });
        rawdoc! { "$or": fits.collect::<RawArrayBuf>() }
    }

    /// What must be true for all to be granted, by an event that takes reservations.
    fn all_fit(&self) -> Vec<RawDocumentBuf> {
        let keys = self.keys();
        if !twins(&keys).is_empty() {
            // Of two with the same key one must be refused.
            return vec![literal(false)];
        }
        let mut conditions: Vec<RawDocumentBuf> = self
            .types()
            .into_iter()
            // What is not there is less than any number.
            .map(|key| rawdoc! { "$gte": [available(key), self.quantities(key).sum::<i64>()] })
            .collect();
        let count = i64::try_from(self.reserve.len()).unwrap_or(i64::MAX);
        conditions.push(rawdoc! { "$lte": [count, ROOM] });
        if !keys.is_empty() {
            conditions.push(rawdoc! { "$eq": [held_keys(literal(texts(&keys))), []] });
        }
        conditions
    }

    /// The event with all wishes granted.
    fn with_all(&self) -> RawDocumentBuf {
        let changes = self.types().into_iter().map(|key| TypeChange {
            ticket_type: key,
            condition: None,
            fields: rawdoc! { "available": { "$subtract": [available(key), self.quantities(key).sum::<i64>()] } },
        });
        let taken: i64 = self.reserve.iter().map(|wish| quantity(wish)).sum();
        let lots = rawdoc! { "$map": { "input": literal(RawArrayBuf::from_iter(self.lots())), "in": new_lot() } };
        event_with(lots, changes, taken)
    }

    /// Those that can be granted after those before them.
    fn those_that_fit(&self, types: &[&str]) -> RawDocumentBuf {
        let left: RawArrayBuf = types.iter().map(|key| available(key)).collect();
        let keys = self.keys();
        let twins = twins(&keys);
        let twins = (!twins.is_empty()).then(|| literal(texts(&twins)).into());
        let own = rawdoc! { "$arrayElemAt": ["$$value.left", "$$place"] };
        let place = rawdoc! { "$indexOfArray": [literal(texts(types)), "$$this.ticketType"] };
        let decided = rawdoc! { "$reduce": {
            "input": literal(self.lots_of_one()),
            "initialValue": { "left": left, "granted": [] },
            "in": { "$let": {
                "vars": { "place": place },
                "in": { "$cond": [fits(own, twins), grant(types.len()), "$$value"] },
            } },
        } };
        rawdoc! { "$let": {
            // Of thousands of keys those that matter, once and not for each wish.
            "vars": { "keys": held_keys(literal(texts(&keys))) },
            "in": { "$let": { "vars": { "decided": decided }, "in": "$$decided.granted" } },
        } }
    }

    /// The lots that the wishes become if all are granted, but for the time. Those that are alike share one; a
    /// hold with a key is by itself, for the key to go with it.
    pub(super) fn lots(&self) -> Vec<RawDocumentBuf> {
        let mut lots: Vec<(&Reservation, RawArrayBuf)> = Vec::new();
        // Of types and numbers there are few; of keys there may be as many as wishes.
        let mut shared: Vec<usize> = Vec::new();
        for wish in &self.reserve {
            let mut shared_lots = shared.iter();
            match shared_lots.find(|lot| are_alike(lots[**lot].0, wish)) {
                Some(lot) => lots[*lot].1.push(wish.id.to_string()),
                None => {
                    if wish.key_hash.is_none() {
                        shared.push(lots.len());
                    }
                    lots.push((wish, ids_of([*wish])));
                }
            }
        }
        let lots = lots.into_iter();
        lots.map(|(first, ids)| lot(first, ids)).collect()
    }

    /// The same with each wish in a lot of its own.
    pub(super) fn lots_of_one(&self) -> RawArrayBuf {
        let wishes = self.reserve.iter();
        wishes.map(|wish| lot(wish, ids_of([*wish]))).collect()
    }

    /// The types asked for, each once.
    fn types(&self) -> Vec<&str> {
        let types = self.reserve.iter().map(|wish| wish.ticket_type.as_str());
        let mut types: Vec<&str> = types.collect();
        types.sort_unstable();
        types.dedup();
        types
    }

    /// What the wishes for a type ask for.
    fn quantities(&self, key: &str) -> impl Iterator<Item = i64> {
        let wishes = self.reserve.iter();
        let wishes = wishes.filter(move |wish| wish.ticket_type.as_str() == key);
        wishes.map(|wish| quantity(wish))
    }

    pub(super) fn keys(&self) -> Vec<&str> {
        let wishes = self.reserve.iter();
        let keys = wishes.filter_map(|wish| wish.key_hash.as_ref());
        keys.map(|key| key.as_str()).collect()
    }
}

/// The event with the new `lots`, which `taken` tickets went into.
pub(super) fn event_with<'a>(
    lots: impl Into<RawBson>,
    changes: impl IntoIterator<Item = TypeChange<'a>>,
    taken: impl Into<RawBson>,
) -> RawDocumentBuf {
    rawdoc! { "$mergeObjects": ["$$ROOT", {
        "holds": { "$concatArrays": ["$holds", lots.into()] },
        "held": true,
        "stock": stock_with(changes),
        "availableTickets": { "$subtract": ["$availableTickets", taken.into()] },
        "sv": { "$add": ["$sv", 1_i64] },
    }] }
}

/// Those of `keys` that are there more than once.
pub(super) fn twins<'a>(keys: &[&'a str]) -> Vec<&'a str> {
    let mut seen = HashSet::new();
    let mut twins = keys.to_vec();
    twins.retain(|key| !seen.insert(*key));
    twins
}

/// What must be true for an event to take reservations.
pub(super) fn open() -> Vec<RawDocumentBuf> {
    vec![
        rawdoc! { "$eq": [{ "$type": "$closing" }, "missing"] },
        rawdoc! { "$gt": ["$date", "$$NOW"] },
    ]
}

/// Whether `$$this` wish can be granted after those in `$$value`, which leave so many tickets of its type. A
/// key that has a hold, an old one or one that was just granted, takes no second one: else two requests of one
/// key in flight at once could both take tickets. Only `twins`, if any, are looked for among those just granted:
/// all looking for all would cost the square of their number.
pub(super) fn fits(left: impl Into<RawBson>, twins: Option<RawBson>) -> RawDocumentBuf {
    let key = "$$this.keyHash";
    let mut conditions = vec![
        rawdoc! { "$gte": [left.into(), "$$this.quantity"] },
        rawdoc! { "$lt": [{ "$size": "$$value.granted" }, ROOM] },
        not(rawdoc! { "$in": [key, "$$keys"] }),
    ];
    if let Some(twins) = twins {
        conditions.push(not(rawdoc! { "$and": [
            { "$in": [key, twins] },
            { "$in": [key, "$$value.granted.keyHash"] },
        ] }));
    }
    and(conditions)
}

/// `$$value` with `$$this` wish granted, which is of the type at `$$place`.
fn grant(types: usize) -> RawDocumentBuf {
    let types = i32::try_from(types).unwrap_or(i32::MAX);
    let taken = rawdoc! { "$cond": [{ "$eq": ["$$type", "$$place"] }, "$$this.quantity", 0_i64] };
    let left = rawdoc! { "$map": {
        "input": { "$range": [0, types] },
        "as": "type",
        "in": { "$subtract": [{ "$arrayElemAt": ["$$value.left", "$$type"] }, taken] },
    } };
    rawdoc! {
        "left": left,
        "granted": { "$concatArrays": ["$$value.granted", [new_lot()]] },
    }
}

/// Whether two wishes may share a lot.
fn are_alike(one: &Reservation, other: &Reservation) -> bool {
    let are_unkeyed = one.key_hash.is_none() && other.key_hash.is_none();
    are_unkeyed && one.ticket_type == other.ticket_type && one.quantity == other.quantity
}

/// The ids of `wishes`.
pub(super) fn ids_of<'a>(wishes: impl IntoIterator<Item = &'a Reservation>) -> RawArrayBuf {
    let wishes = wishes.into_iter();
    wishes.map(|wish| wish.id.to_string()).collect()
}

/// The holds of `ids`, which are like `wish`.
fn lot(wish: &Reservation, ids: RawArrayBuf) -> RawDocumentBuf {
    let mut lot = rawdoc! {
        "reservationIds": ids,
        "ticketType": wish.ticket_type.as_str(),
        "quantity": quantity(wish),
    };
    if let Some(hash) = &wish.key_hash {
        lot.append(cstr!("keyHash"), hash.as_str());
    }
    lot
}

/// `lot` with the first `count` of `ids`.
pub(super) fn first_of_lot(
    lot: impl Into<RawBson>,
    ids: impl Into<RawBson>,
    count: impl Into<RawBson>,
) -> RawDocumentBuf {
    let first = rawdoc! { "$slice": [ids.into(), count.into()] };
    rawdoc! { "$mergeObjects": [lot.into(), { "reservationIds": first }] }
}

/// `$$this` lot from now on.
pub(super) fn new_lot() -> RawDocumentBuf {
    rawdoc! { "$mergeObjects": ["$$this", { "at": "$$NOW" }] }
}

/// For how many more holds there is room.
pub(super) const ROOM: &str = "$$room";

/// `decision` with [`ROOM`] counted, once.
pub(super) fn with_room(decision: RawDocumentBuf) -> RawDocumentBuf {
    let most = i64::try_from(MAX_HOLDS).unwrap_or(i64::MAX);
    rawdoc! { "$let": {
        "vars": { "room": { "$subtract": [most, hold_count()] } },
        "in": decision,
    } }
}

pub(super) fn quantity(wish: &Reservation) -> i64 {
    i64::from(wish.quantity.get())
}

/// How many of a type are left.
pub(super) fn available(key: &str) -> String {
    format!("$stock.{key}.available")
}

/// Those of `keys` that have a hold.
pub(super) fn held_keys(keys: impl Into<RawBson>) -> RawDocumentBuf {
    rawdoc! { "$setIntersection": ["$holds.keyHash", keys.into()] }
}

/// Whether all of `conditions` are met.
pub(super) fn and(conditions: Vec<RawDocumentBuf>) -> RawDocumentBuf {
    rawdoc! { "$and": RawArrayBuf::from_iter(conditions) }
}
