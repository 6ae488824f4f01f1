//! What one event is asked for, as a pipeline that decides for itself.

use std::collections::HashSet;

use domain::stock::{MAX_HOLDS, Reservation};
use mongodb::bson::{RawArrayBuf, RawBson, RawDocumentBuf, cstr, rawdoc};

use super::pipeline::{STEP, TypeChange, held, holds_among, literal, stock_with, texts};

/// What one event is asked for.
#[derive(Default)]
pub(super) struct Wishes<'a> {
    pub(super) settle: Vec<String>,
    pub(super) reserve: Vec<&'a Reservation>,
}

impl Wishes<'_> {
    /// Settles, then decides in order of arrival, then moves what was granted. When nothing is settled
    /// or granted the document comes out as it went in, and nothing is written at all.
    ///
    /// The server reads and plans each stage anew for every event of a group, so there are but two.
    pub(super) fn pipeline(&self) -> Vec<RawDocumentBuf> {
        let kept = match self.settle.as_slice() {
            [] => RawBson::from("$holds"),
            ids => holds_among(ids, false).into(),
        };
        let wishes = self.reserve.iter().map(|wish| hold(wish));
        let wishes: RawArrayBuf = wishes.collect();
        let decided = rawdoc! { "$let": {
            "vars": { "kept": kept, "wishes": literal(wishes) },
            "in": { "kept": "$$kept", "granted": self.granted() },
        } };
        vec![
            rawdoc! { "$set": { STEP: decided } },
            rawdoc! { "$set": self.outcome() },
        ]
    }

    /// The new holds. Nearly always all fit or none does, and then nothing is counted one by one.
    fn granted(&self) -> RawDocumentBuf {
        let all = rawdoc! { "$map": { "input": "$$wishes", "in": new_hold() } };
        if self.reserve.len() == 1 {
            let fits = [open(), self.all_fit()].concat();
            return rawdoc! { "$cond": [and(fits), all, []] };
        }
        let some = [open(), vec![self.smallest_fits()]].concat();
        let mut branches = RawArrayBuf::new();
        branches.push(rawdoc! { "case": { "$not": [and(some)] }, "then": [] });
        // Of two with the same key one must be refused.
        if self.twins().is_empty() {
            branches.push(rawdoc! { "case": and(self.all_fit()), "then": all });
        }
        rawdoc! { "$switch": { "branches": branches, "default": self.one_by_one() } }
    }

    /// Whether of some type there is enough for the smallest wish.
    fn smallest_fits(&self) -> RawDocumentBuf {
        let fits = self.types().into_iter().map(|key| {
            let smallest = self.quantities(key).min().unwrap_or(0);
            rawdoc! { "$gte": [available(key), smallest] }
        });
        rawdoc! { "$or": fits.collect::<RawArrayBuf>() }
    }

    /// What must be true for all to be granted by an event that takes reservations.
    fn all_fit(&self) -> Vec<RawDocumentBuf> {
        let mut conditions: Vec<RawDocumentBuf> = self
            .types()
            .into_iter()
            // What is not there is less than any number.
            .map(|key| rawdoc! { "$gte": [available(key), self.quantities(key).sum::<i64>()] })
            .collect();
        let room = MAX_HOLDS.saturating_sub(self.reserve.len());
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        conditions.push(rawdoc! { "$lte": [{ "$size": "$$kept" }, room] });
        let keys = self.keys();
        if !keys.is_empty() {
            conditions.push(rawdoc! { "$eq": [held_keys(&keys), []] });
        }
        conditions
    }

    /// Grants one after the other what fits.
    fn one_by_one(&self) -> RawDocumentBuf {
        let types = self.types();
        let left: RawArrayBuf = types.iter().map(|key| available(key)).collect();
        let decided = rawdoc! { "$reduce": {
            "input": "$$wishes",
            "initialValue": { "left": left, "granted": [] },
            "in": { "$let": {
                "vars": { "place": { "$indexOfArray": [literal(texts(&types)), "$$this.ticketType"] } },
                "in": { "$cond": [self.fits(), grant(types.len()), "$$value"] },
            } },
        } };
        rawdoc! { "$let": {
            // Of thousands of keys those that matter, once and not for each wish.
            "vars": { "keys": held_keys(&self.keys()) },
            "in": { "$let": { "vars": { "decided": decided }, "in": "$$decided.granted" } },
        } }
    }

    /// Whether `$$this` wish can be granted after those in `$$value`. A key that has a hold, an old one
    /// or one that was just granted, takes no second one: else two requests of one key in flight at once
    /// could both take tickets. Only twins are looked for among those just granted: all looking for all
    /// would cost the square of their number.
    fn fits(&self) -> RawDocumentBuf {
        let max_holds = i64::try_from(MAX_HOLDS).unwrap_or(i64::MAX);
        let holds = rawdoc! { "$add": [{ "$size": "$$kept" }, { "$size": "$$value.granted" }] };
        let key = "$$this.keyHash";
        let mut conditions = vec![
            rawdoc! { "$gte": [{ "$arrayElemAt": ["$$value.left", "$$place"] }, "$$this.quantity"] },
            rawdoc! { "$lt": [holds, max_holds] },
            rawdoc! { "$not": [{ "$in": [key, "$$keys"] }] },
        ];
        let twins = self.twins();
        if !twins.is_empty() {
            conditions.push(rawdoc! { "$not": [{ "$and": [
                { "$in": [key, literal(texts(&twins))] },
                { "$in": [key, "$$value.granted.keyHash"] },
            ] }] });
        }
        and(conditions)
    }

    /// The event after what was settled and granted.
    fn outcome(&self) -> RawDocumentBuf {
        let types = self.types();
        let is_one = types.len() == 1;
        let taken = rawdoc! { "$sum": "$step.granted.quantity" };
        let changes = types.into_iter().map(|key| {
            let taken = if is_one {
                taken.clone()
            } else {
                let is_of_type = rawdoc! { "$eq": ["$$this.ticketType", literal(key)] };
                let quantity = rawdoc! { "$cond": [is_of_type, "$$this.quantity", 0_i64] };
                rawdoc! { "$sum": { "$map": { "input": "$step.granted", "in": quantity } } }
            };
            TypeChange {
                ticket_type: key,
                condition: rawdoc! { "$gt": [available(key), null] },
                fields: rawdoc! { "available": { "$subtract": [available(key), taken] } },
            }
        });
        let holds = rawdoc! { "$concatArrays": ["$step.kept", "$step.granted"] };
        let moved = rawdoc! { "$min": [{ "$size": "$step.granted" }, 1_i64] };
        rawdoc! {
            "held": held(holds.clone()),
            "holds": holds,
            "stock": stock_with(changes),
            "availableTickets": { "$subtract": ["$availableTickets", taken.clone()] },
            "sv": { "$add": ["$sv", moved] },
            STEP: "$$REMOVE",
        }
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
        wishes.map(|wish| i64::from(wish.quantity.get()))
    }

    fn keys(&self) -> Vec<&str> {
        let keys = self
            .reserve
            .iter()
            .filter_map(|wish| wish.key_hash.as_ref());
        keys.map(|key| key.as_str()).collect()
    }

    /// The keys that more than one brings.
    fn twins(&self) -> Vec<&str> {
        let mut seen = HashSet::new();
        let mut twins = self.keys();
        twins.retain(|key| !seen.insert(*key));
        twins
    }
}

/// Whether all of `conditions` are met.
fn and(conditions: Vec<RawDocumentBuf>) -> RawDocumentBuf {
    rawdoc! { "$and": RawArrayBuf::from_iter(conditions) }
}

/// What must be true for the event to take reservations.
fn open() -> Vec<RawDocumentBuf> {
    vec![
        rawdoc! { "$eq": [{ "$type": "$closing" }, "missing"] },
        rawdoc! { "$gt": ["$date", "$$NOW"] },
    ]
}

/// A wish as the pipeline sees it: the hold that it becomes but for the time.
fn hold(wish: &Reservation) -> RawDocumentBuf {
    let mut hold = rawdoc! {
        "reservationId": wish.id.to_string(),
        "userId": wish.user_id.get(),
        "ticketType": wish.ticket_type.as_str(),
        "quantity": i64::from(wish.quantity.get()),
    };
    if let Some(hash) = &wish.key_hash {
        hold.append(cstr!("keyHash"), hash.as_str());
    }
    hold
}

/// `$$this` wish as a hold.
fn new_hold() -> RawDocumentBuf {
    rawdoc! { "$mergeObjects": ["$$this", { "at": "$$NOW" }] }
}

/// How many of a type are left.
fn available(key: &str) -> String {
    format!("$stock.{key}.available")
}

/// Those of `keys` that have a hold which is kept.
fn held_keys(keys: &[&str]) -> RawDocumentBuf {
    rawdoc! { "$setIntersection": ["$$kept.keyHash", literal(texts(keys))] }
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
