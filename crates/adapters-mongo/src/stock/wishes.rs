//! What one event is asked for, as a pipeline that decides for itself.
//!
//! Of equal wishes the first are granted, as many as fit; of different ones nearly always all fit or none
//! does, and only otherwise they are counted one by one. The server reads and plans a pipeline anew for
//! every event of every group: what it costs is above all its length.

use std::collections::HashSet;

use domain::stock::{MAX_HOLDS, Reservation};
use mongodb::bson::{RawArrayBuf, RawBson, RawDocumentBuf, cstr, rawdoc};

use super::pipeline::{TypeChange, held, holds_among, literal, not, stock_with, texts};

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
            stages.push(rawdoc! { "$set": { "holds": holds_among(&self.settle, false) } });
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
            return self.first_that_fit(first);
        }
        let all = self.with_all();
        let all_fit = and([open(), self.all_fit()].concat());
        if is_alone {
            return rawdoc! { "$cond": [all_fit, all, "$$ROOT"] };
        }
        let some_fit = and([open(), vec![self.smallest_fits()]].concat());
        rawdoc! { "$switch": {
            "branches": [
                { "case": all_fit, "then": all },
                { "case": some_fit, "then": self.one_by_one() },
            ],
            "default": "$$ROOT",
        } }
    }

    /// One of the wishes, if all are for the same and nobody brought a key.
    pub(super) fn equal(&self) -> Option<&Reservation> {
        let (first, others) = self.reserve.split_first()?;
        let is_equal = |wish: &&Reservation| {
            wish.ticket_type == first.ticket_type && wish.quantity == first.quantity
        };
        let are_equal = others.iter().all(is_equal) && self.keys().is_empty();
        are_equal.then_some(*first)
    }

    /// The event after the decision on wishes that are equal: as many are granted as there are tickets
    /// and room for, from the first on.
    fn first_that_fit(&self, first: &Reservation) -> RawDocumentBuf {
        let (key, quantity) = (first.ticket_type.as_str(), quantity(first));
        let most = i64::try_from(self.reserve.len()).unwrap_or(i64::MAX);
        let room = rawdoc! { "$subtract": [max_holds(), { "$size": "$holds" }] };
        let tickets = rawdoc! { "$toLong": { "$divide": [available(key), quantity] } };
        let taken = || rawdoc! { "$multiply": ["$$count", quantity] };
        let change = TypeChange {
            ticket_type: key,
            condition: None,
            fields: rawdoc! { "available": { "$subtract": [available(key), taken()] } },
        };
        let wishes = rawdoc! { "$slice": [self.new_holds(), "$$count"] };
        let holds = rawdoc! { "$map": { "input": wishes, "in": new_hold() } };
        let event = event_with(holds, [change], taken());
        let mut some_fit = open();
        some_fit.push(rawdoc! { "$gte": [available(key), quantity] });
        some_fit.push(rawdoc! { "$lt": [{ "$size": "$holds" }, max_holds()] });
        let granted = rawdoc! { "$let": {
            "vars": { "count": { "$min": [most, tickets, room] } },
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
        let room = MAX_HOLDS.checked_sub(self.reserve.len());
        let Some(room) = room.filter(|_| twins(&keys).is_empty()) else {
            // Of two with the same key one must be refused, and of more than there may be some.
            return vec![literal(false)];
        };
        let mut conditions: Vec<RawDocumentBuf> = self
            .types()
            .into_iter()
            // What is not there is less than any number.
            .map(|key| rawdoc! { "$gte": [available(key), self.quantities(key).sum::<i64>()] })
            .collect();
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        conditions.push(rawdoc! { "$lte": [{ "$size": "$holds" }, room] });
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
        let holds = rawdoc! { "$map": { "input": self.new_holds(), "in": new_hold() } };
        event_with(holds, changes, taken)
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
            "input": self.new_holds(),
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

    /// The wishes as the pipeline sees them: the holds that they become, but for the time.
    fn new_holds(&self) -> RawDocumentBuf {
        literal(self.holds())
    }

    /// The same by themselves.
    pub(super) fn holds(&self) -> RawArrayBuf {
        self.reserve.iter().map(|wish| hold(wish)).collect()
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

/// The event with the new `holds`, which `taken` tickets went into.
pub(super) fn event_with<'a>(
    holds: impl Into<RawBson>,
    changes: impl IntoIterator<Item = TypeChange<'a>>,
    taken: impl Into<RawBson>,
) -> RawDocumentBuf {
    rawdoc! { "$mergeObjects": ["$$ROOT", {
        "holds": { "$concatArrays": ["$holds", holds.into()] },
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
    let holds = rawdoc! { "$add": [{ "$size": "$holds" }, { "$size": "$$value.granted" }] };
    let key = "$$this.keyHash";
    let mut conditions = vec![
        rawdoc! { "$gte": [left.into(), "$$this.quantity"] },
        rawdoc! { "$lt": [holds, max_holds()] },
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
        "granted": { "$concatArrays": ["$$value.granted", [new_hold()]] },
    }
}

fn hold(wish: &Reservation) -> RawDocumentBuf {
    let mut hold = rawdoc! {
        "reservationId": wish.id.to_string(),
        "userId": wish.user_id.get(),
        "ticketType": wish.ticket_type.as_str(),
        "quantity": quantity(wish),
    };
    if let Some(hash) = &wish.key_hash {
        hold.append(cstr!("keyHash"), hash.as_str());
    }
    hold
}

/// `$$this` wish as a hold.
pub(super) fn new_hold() -> RawDocumentBuf {
    rawdoc! { "$mergeObjects": ["$$this", { "at": "$$NOW" }] }
}

pub(super) fn max_holds() -> i64 {
    i64::try_from(MAX_HOLDS).unwrap_or(i64::MAX)
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
