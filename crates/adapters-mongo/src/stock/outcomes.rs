//! What became of the reservations of a batch.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::event::EventId;
use domain::stock::{MAX_HOLDS, Refusal, Reservation, ReserveOutcome};
use futures_util::TryStreamExt;
use mongodb::ClientSession;
use mongodb::bson::{Bson, Document, RawArrayBuf, RawDocumentBuf, doc, rawdoc};

use super::pipeline::{hold_count, ids_of_lot, literal, texts};
use super::wishes::{Wishes, held_keys, ids_of};
use crate::connection::{MongoDatabase, SERVER_LIMIT};
use crate::error::MongoError;
use crate::event_document::{count, id, integer, object_id};

/// Of so many holds an event, or a lot, tells all; of more only those asked for: looking all of a group up in each
/// of its many events would cost more than a few too many.
const FEW: i64 = 64;

/// Reads the events of `wishes`, in one round trip.
pub(super) async fn read(
    database: &MongoDatabase,
    session: &mut ClientSession,
    wishes: &[Reservation],
) -> Result<Vec<Document>, MongoError> {
    let events: BTreeSet<EventId> = wishes.iter().map(|wish| wish.event_id).collect();
    let ids: Vec<Bson> = events.iter().map(|id| object_id(*id).into()).collect();
    let projection = Document::try_from(projection_of_read(wishes))
        .map_err(|_| MongoError::Malformed("a projection cannot be read"))?;
    let mut cursor = database
        .events()
        .find(doc! { "_id": { "$in": ids } })
        .projection(projection)
        // All in the first answer, also of more events than a cursor's usual first hundred.
        .batch_size(u32::try_from(events.len() + 1).unwrap_or(u32::MAX))
        .max_time(SERVER_LIMIT)
        .session(&mut *session)
        .await?;
    Ok(cursor.stream(session).try_collect().await?)
}

/// What became of each of `wishes`, whose events are now as `found`.
pub(super) fn of(
    found: &[Document],
    wishes: &[Reservation],
) -> Result<Vec<ReserveOutcome>, MongoError> {
    let offers = found
        .iter()
        .map(|document| Ok((id(document)?, readable(Offer::read(document)))));
    let offers = offers.collect::<Result<BTreeMap<EventId, Option<Offer<'_>>>, MongoError>>()?;
    Ok(wishes
        .iter()
        .map(|wish| outcome(offers.get(&wish.event_id), wish))
        .collect())
}

/// What tells the outcomes in the very document that the update of `wishes` left. No more than is needed,
/// computed by the server: there may be thousands of holds.
pub(super) fn projection_of_update(wishes: &Wishes<'_>) -> RawDocumentBuf {
    // What was granted stands at the end.
    let last = |most: usize| {
        let most = i64::try_from(most).unwrap_or(i64::MAX).max(1);
        rawdoc! { "$slice": [lots(), -most] }
    };
    let granted = match wishes.equal() {
        Some(_) => of_lots(last(1), ids_of_lot()),
        // Before what was granted there may be lots of others, which may be large.
        None => asking_for(
            ids_of(wishes.reserve.iter().copied()),
            of_lots(last(wishes.reserve.len()), ids_asked_for()),
        ),
    };
    projection(wishes.reserve.iter().copied(), granted)
}

/// The same for a document that others may have updated since.
fn projection_of_read(wishes: &[Reservation]) -> RawDocumentBuf {
    // A set of those asked for is made for each intersection: one for all lots of one, of which there may be
    // thousands, and one for each large lot.
    let firsts = of_lots(lots(), rawdoc! { "$arrayElemAt": [ids_of_lot(), 0] });
    let firsts = rawdoc! { "$setIntersection": [firsts, ASKED] };
    let larger = rawdoc! { "$filter": {
        "input": lots(), "as": "lot", "cond": { "$gt": [{ "$size": ids_of_lot() }, 1_i64] },
    } };
    let granted = rawdoc! { "$cond": [
        { "$lte": [holds(), FEW] },
        of_lots(lots(), ids_of_lot()),
        { "$concatArrays": [[firsts], of_lots(larger, ids_asked_for())] },
    ] };
    projection(wishes, asking_for(ids_of(wishes), granted))
}

/// `ids` of each of `lots`, which call it `$$lot`.
fn of_lots(lots: RawDocumentBuf, ids: RawDocumentBuf) -> RawDocumentBuf {
    rawdoc! { "$map": { "input": lots, "as": "lot", "in": ids } }
}

/// The ids that are asked for.
const ASKED: &str = "$$asked";

/// `answer` with [`ASKED`], which is sent once: there may be a thousand.
fn asking_for(asked: RawArrayBuf, answer: RawDocumentBuf) -> RawDocumentBuf {
    rawdoc! { "$let": { "vars": { "asked": literal(asked) }, "in": answer } }
}

/// The ids of `$$lot`, of a large one only those that are asked for.
fn ids_asked_for() -> RawDocumentBuf {
    let are_few = rawdoc! { "$lte": [{ "$size": ids_of_lot() }, FEW] };
    let those = rawdoc! { "$setIntersection": [ids_of_lot(), ASKED] };
    rawdoc! { "$cond": [are_few, ids_of_lot(), those] }
}

fn projection<'a>(
    wishes: impl IntoIterator<Item = &'a Reservation>,
    granted: RawDocumentBuf,
) -> RawDocumentBuf {
    let wishes = wishes.into_iter();
    let keys = wishes.filter_map(|wish| wish.key_hash.as_ref());
    let keys: Vec<&str> = keys.map(|key| key.as_str()).collect();
    rawdoc! {
        "stock": 1,
        "closing": { "$ne": [{ "$type": "$closing" }, "missing"] },
        "ended": { "$lte": ["$date", "$$NOW"] },
        "granted": granted,
        "keys": { "$cond": [
            { "$lte": [holds(), FEW] }, "$holds.keyHash", held_keys(literal(texts(&keys))),
        ] },
        "holdCount": holds(),
    }
}

/// The lots; none where somebody broke them. An error would be one of the whole read.
fn lots() -> RawDocumentBuf {
    rawdoc! { "$cond": [{ "$isArray": ["$holds"] }, "$holds", []] }
}

/// How many holds there are.
fn holds() -> RawDocumentBuf {
    rawdoc! { "$ifNull": [hold_count(), 0_i64] }
}

/// An event as the reservations find it.
struct Offer<'a> {
    stock: &'a Document,
    closing: bool,
    ended: bool,
    granted: HashSet<&'a str>,
    keys: HashSet<&'a str>,
    holds: usize,
}

impl<'a> Offer<'a> {
    fn read(document: &'a Document) -> Result<Self, MongoError> {
        let malformed = |_| MongoError::Malformed("an event's stock cannot be read");
        let holds = count(document, "holdCount")?;
        Ok(Self {
            stock: document.get_document("stock").map_err(malformed)?,
            closing: document.get_bool("closing").map_err(malformed)?,
            ended: document.get_bool("ended").map_err(malformed)?,
            granted: array_in(document, "granted")
                .iter()
                .filter_map(Bson::as_array)
                .flat_map(|ids| strings(ids))
                .collect(),
            keys: strings(array_in(document, "keys")).collect(),
            holds: usize::try_from(holds).unwrap_or(usize::MAX),
        })
    }

    /// Why the event refuses `wish`. The key comes before the stock: the first request of the key may
    /// be what emptied it, and "sold out" would be the wrong answer to its own retry.
    fn refusal(&self, wish: &Reservation) -> Refusal {
        let Ok(stock) = self.stock.get_document(wish.ticket_type.as_str()) else {
            return Refusal::EventNotFound;
        };
        let key = wish.key_hash.as_ref();
        let is_short = integer(stock, "available")
            .is_ok_and(|available| available < i64::from(wish.quantity.get()));
        let reasons = [
            (self.closing, Refusal::Closing),
            (self.ended, Refusal::EventEnded),
            (
                key.is_some_and(|key| self.keys.contains(key.as_str())),
                Refusal::KeyInFlight,
            ),
            (self.holds >= MAX_HOLDS, Refusal::TooManyHolds),
            (is_short, Refusal::SoldOut),
        ];
        let reason = reasons
            .into_iter()
            .find_map(|(applies, refusal)| applies.then_some(refusal));
        reason.unwrap_or(Refusal::Moved)
    }
}

/// An event that somebody broke is passed over: its neighbours' wishes were decided all the same.
fn readable<'a>(offer: Result<Offer<'a>, MongoError>) -> Option<Offer<'a>> {
    let read = offer.inspect_err(|error| tracing::error!(%error, "an event cannot be read"));
    read.ok()
}

fn outcome(offer: Option<&Option<Offer<'_>>>, wish: &Reservation) -> ReserveOutcome {
    match offer {
        None => ReserveOutcome::Refused(Refusal::EventNotFound),
        // What cannot be read could not be updated either.
        Some(None) => ReserveOutcome::Refused(Refusal::Moved),
        Some(Some(offer)) if offer.granted.contains(wish.id.to_string().as_str()) => {
            ReserveOutcome::Granted
        }
        Some(Some(offer)) => ReserveOutcome::Refused(offer.refusal(wish)),
    }
}

fn array_in<'a>(document: &'a Document, name: &str) -> &'a [Bson] {
    document.get_array(name).map_or(&[], Vec::as_slice)
}

fn strings(values: &[Bson]) -> impl Iterator<Item = &str> {
    values.iter().filter_map(Bson::as_str)
}
