//! What the steps that move stock leave in the document.

use std::time::Duration;

use adapters_mongo::MongoStockSurvey;
use domain::event::{EventChange, EventId, EventRepository, ExpectedRevision, Revision, Title};
use domain::idempotency::IdempotencyKey;
use domain::stock::{
    ClosingState, HoldRef, MAX_HOLDS, Refusal, Reservation, ReserveOutcome, StockBatch,
    StockRepository, StockReturn, TicketType,
};
use domain::time::Timestamp;
use domain::user::UserId;
use domain::verify::{StockSurvey, Surveyed};
use futures_util::future::join_all;
use mongodb::bson::oid::ObjectId;
use mongodb::bson::{Bson, DateTime, Document, doc};

use crate::make::{Store, edit, holds, new_event, reservation, token};

const GRANTED: ReserveOutcome = ReserveOutcome::Granted;

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_reservation_writes_nothing() {
    let store = Store::new().await;
    let (small, closed) = (store.event(3).await, store.event(5).await);
    let begun = store.insert(new_event(5, Timestamp::from_millis(0))).await;
    let hash = IdempotencyKey::parse("key")
        .unwrap()
        .hash_for(UserId::new(7));
    let keyed = || Reservation {
        key_hash: Some(hash.clone()),
        ..reservation(small, 1)
    };
    store.reserve(vec![keyed()]).await;
    store
        .stock
        .close(closed, token(), &ExpectedRevision::Any)
        .await
        .unwrap();
    let vip = TicketType::parse("vip").unwrap();
    let plan = [
        (reservation(small, 3), Refusal::SoldOut),
        (keyed(), Refusal::KeyInFlight),
        (reservation(closed, 1), Refusal::Closing),
        (reservation(begun, 1), Refusal::EventEnded),
        (
            Reservation {
                ticket_type: vip,
                ..reservation(small, 1)
            },
            Refusal::EventNotFound,
        ),
    ];
    let events = [small, closed, begun];
    let before = join_all(events.map(|event| store.document(event))).await;
    let writes = store.writes().await;
    let (wishes, refusals): (Vec<Reservation>, Vec<Refusal>) = plan.into_iter().unzip();
    let expected: Vec<_> = refusals.into_iter().map(ReserveOutcome::Refused).collect();
    // Without the last wish all are for one type, and the events share a statement.
    for count in [wishes.len(), wishes.len() - 1] {
        let outcomes = store.reserve(wishes[..count].to_vec()).await;
        assert_eq!(outcomes, expected[..count]);
        assert_eq!(
            join_all(events.map(|event| store.document(event))).await,
            before
        );
    }
    assert_eq!(store.writes().await, writes);
    // The log does show a reservation that was granted.
    assert_eq!(store.reserve(vec![reservation(small, 1)]).await, [GRANTED]);
    assert_eq!(store.writes().await, writes + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_granted_reservation_is_a_hold_in_the_document() {
    let store = Store::new().await;
    let event = store.event(5).await;
    let wish = reservation(event, 2);
    store
        .reserve(vec![wish.clone(), reservation(event, 1)])
        .await;
    let document = store.document(event).await;
    assert_eq!(document.get_i64("availableTickets").unwrap(), 2);
    assert_eq!(document.get_i64("sv").unwrap(), 1);
    assert!(document.get_bool("held").unwrap());
    assert!(!document.contains_key("step"));
    let stock = doc! { "general": { "total": 5_i64, "available": 2_i64, "returned": 0_i64 } };
    assert_eq!(document.get_document("stock").unwrap(), &stock);
    let lots = document.get_array("holds").unwrap();
    assert_eq!(lots.len(), 2, "they are of different numbers of tickets");
    let mut lot = lots[0].as_document().unwrap().clone();
    assert!(lot.remove("at").unwrap().as_datetime().is_some());
    let expected = doc! {
        "reservationIds": [wish.id.to_string()],
        "ticketType": "general",
        "quantity": 2_i64,
    };
    assert_eq!(lot, expected);
}

/// A crowd wants the same: then its holds are a list of ids.
#[tokio::test(flavor = "multi_thread")]
async fn holds_that_are_alike_share_a_lot_until_the_last_has_left() {
    let store = Store::new().await;
    let event = store.event(10).await;
    let wishes: Vec<Reservation> = (0..4).map(|_| reservation(event, 2)).collect();
    let ids: Vec<String> = wishes.iter().map(|wish| wish.id.to_string()).collect();
    let refs: Vec<HoldRef> = wishes.iter().map(Reservation::hold_ref).collect();
    store.reserve(wishes).await;
    let lots = async || {
        let document = store.document(event).await;
        let lots = document.get_array("holds").unwrap().iter();
        let lots = lots.map(|lot| lot.as_document().unwrap().get_array("reservationIds"));
        let lots: Vec<_> = lots.map(|ids| ids.unwrap().clone()).collect();
        (lots, document.contains_key("held"))
    };
    let of = |which: &[usize]| {
        let ids = which.iter().map(|which| ids[*which].as_str().into());
        ids.collect::<Vec<Bson>>()
    };
    assert_eq!(lots().await, (vec![of(&[0, 1, 2, 3])], true));
    store.stock.settle(&[refs[2], refs[0]]).await.unwrap();
    assert_eq!(lots().await, (vec![of(&[1, 3])], true));
    // Those who come later have another moment, and so another lot.
    let later = reservation(event, 2);
    let later_id: Bson = later.id.to_string().into();
    assert_eq!(store.reserve(vec![later.clone()]).await, [GRANTED]);
    assert_eq!(lots().await, (vec![of(&[1, 3]), vec![later_id]], true));
    store.stock.settle(&refs).await.unwrap();
    store.stock.release(&[later.hold_ref()]).await.unwrap();
    assert_eq!(lots().await, (vec![], false));
}

/// An event with a lot of two holds and, as instances of the version before leave them while they are replaced,
/// two holds by themselves, the second with the key that is given.
async fn event_of_both_versions(store: &Store, key: &str) -> (EventId, Vec<HoldRef>) {
    let event = store.event(20).await;
    let alike = [reservation(event, 2), reservation(event, 2)];
    let apart = [reservation(event, 3), reservation(event, 1)];
    store.reserve(alike.to_vec()).await;
    let hold = |wish: &Reservation| {
        doc! {
            "reservationId": wish.id.to_string(), "userId": 7_i64, "ticketType": "general",
            "quantity": i64::from(wish.quantity.get()), "at": DateTime::from_millis(1),
        }
    };
    let mut keyed = hold(&apart[1]);
    keyed.insert("keyHash", key);
    let update = doc! {
        "$push": { "holds": { "$each": [hold(&apart[0]), keyed] } },
        "$inc": { "stock.general.available": -4_i64, "availableTickets": -4_i64, "sv": 1_i64 },
    };
    let by_id = doc! { "_id": ObjectId::from_bytes(event.bytes()) };
    let events = store.database.raw.collection::<Document>("events");
    events.update_one(by_id, update).await.unwrap();
    let holds = alike.iter().chain(&apart).map(Reservation::hold_ref);
    (event, holds.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_of_the_version_before_are_holds() {
    let store = Store::new().await;
    let survey = MongoStockSurvey::new(store.database.adapter.clone());
    let key = IdempotencyKey::parse("key").unwrap();
    let hash = key.hash_for(UserId::new(7));
    let (event, holds) = event_of_both_versions(&store, hash.as_str()).await;
    assert_eq!(state(&store, event).await, (12, holds.clone()));
    let surveyed = survey.stocks(&[event]).await.unwrap();
    let [Surveyed::Stock(stock)] = surveyed.as_slice() else {
        panic!("{surveyed:?}")
    };
    let tickets: Vec<i64> = stock.holds.iter().map(|hold| hold.quantity).collect();
    assert_eq!(tickets, [2, 2, 3, 1]);
    let again = Reservation {
        key_hash: Some(hash),
        ..reservation(event, 1)
    };
    let refused = ReserveOutcome::Refused(Refusal::KeyInFlight);
    assert_eq!(store.reserve(vec![again]).await, [refused]);

    // What leaves takes nothing with it, and does not change what stays: the version before knows no lots.
    let by_itself = async || {
        let document = store.document(event).await;
        let lots = document.get_array("holds").unwrap().clone();
        let is_by_itself = |lot: &&Bson| lot.as_document().unwrap().contains_key("reservationId");
        lots.iter()
            .filter(is_by_itself)
            .cloned()
            .collect::<Vec<_>>()
    };
    let before = by_itself().await;
    let more = reservation(event, 5);
    let batch = StockBatch {
        settle: vec![holds[1]],
        reserve: vec![more.clone()],
    };
    assert_eq!(store.stock.reserve(&batch).await.unwrap(), [GRANTED]);
    store.stock.release(&[holds[0]]).await.unwrap();
    assert_eq!(by_itself().await, before);
    let left = vec![holds[2], holds[3], more.hold_ref()];
    assert_eq!(state(&store, event).await, (9, left));

    for _ in 0..2 {
        store.stock.release(&[holds[2]]).await.unwrap();
        store.stock.settle(&[holds[3]]).await.unwrap();
        assert_eq!(state(&store, event).await, (12, vec![more.hold_ref()]));
    }
    store.stock.settle(&[more.hold_ref()]).await.unwrap();
    assert!(!store.document(event).await.contains_key("held"));
}

#[tokio::test(flavor = "multi_thread")]
async fn holds_of_the_version_before_go_with_those_of_other_events() {
    let store = Store::new().await;
    let (one, holds) = event_of_both_versions(&store, "a").await;
    let (two, others) = event_of_both_versions(&store, "b").await;
    let wishes = [reservation(one, 1), reservation(two, 1)];
    let batch = StockBatch {
        settle: vec![holds[0], holds[2], others[1], others[3]],
        reserve: wishes.to_vec(),
    };
    assert_eq!(store.stock.reserve(&batch).await.unwrap(), [GRANTED; 2]);
    let left = vec![holds[1], holds[3], wishes[0].hold_ref()];
    assert_eq!(state(&store, one).await, (11, left));
    let left = vec![others[0], others[2], wishes[1].hold_ref()];
    assert_eq!(state(&store, two).await, (11, left));
}

/// What a shell made of one hold must not keep the tickets of the others.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_of_no_number_keeps_no_other_from_being_released() {
    let store = Store::new().await;
    let event = store.event(10).await;
    let wishes = [reservation(event, 2), reservation(event, 3)];
    store.reserve(wishes.to_vec()).await;
    let broken = doc! { "holds.0.quantity": "two" };
    store.edit(event, broken).await.unwrap();
    let [_, whole] = wishes.map(|wish| wish.hold_ref());
    store.stock.release(&[whole]).await.unwrap();
    let document = store.document(event).await;
    assert_eq!(document.get_i64("availableTickets").unwrap(), 8);
    assert_eq!(document.get_array("holds").unwrap().len(), 1);
}

/// The tickets that are left of an event, and its holds.
async fn state(store: &Store, event: EventId) -> (i64, Vec<HoldRef>) {
    let document = store.document(event).await;
    let found = store.stock.stale_holds(Duration::ZERO, 100).await.unwrap();
    let found = found.into_iter().map(|hold| hold.at);
    let mut found: Vec<_> = found.filter(|hold| hold.event_id == event).collect();
    found.sort();
    (document.get_i64("availableTickets").unwrap(), found)
}

/// The server asks for room where it counts holds, and a few lots have as many as there may be.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_event_is_full_whatever_is_wanted_and_together_with_whom() {
    let store = Store::new().await;
    let (full, other) = (store.event(1_000_000).await, store.event(1_000_000).await);
    let most = MAX_HOLDS - 2;
    for group in [most / 2, most - most / 2] {
        let wishes = (0..group).map(|_| reservation(full, 1)).collect();
        assert_eq!(store.reserve(wishes).await, vec![GRANTED; group]);
    }
    let lots = store.document(full).await;
    assert_eq!(lots.get_array("holds").unwrap().len(), 2);
    let refused = ReserveOutcome::Refused(Refusal::TooManyHolds);
    let keyed = |n: i64| Reservation {
        key_hash: Some(
            IdempotencyKey::parse(&n.to_string())
                .unwrap()
                .hash_for(UserId::new(n)),
        ),
        ..reservation(full, 1)
    };
    let kinds: [Vec<Reservation>; 3] = [
        (0..3).map(|_| reservation(full, 1)).collect(),
        (1..=3).map(|tickets| reservation(full, tickets)).collect(),
        (1..=3).map(keyed).collect(),
    ];
    for kind in kinds {
        // Alone, and in a statement that another event shares.
        for others in [0, 1] {
            let again = kind.iter().map(|wish| Reservation {
                id: reservation(full, 1).id,
                ..wish.clone()
            });
            let mut wishes: Vec<Reservation> = again.collect();
            let held: Vec<HoldRef> = wishes[..2].iter().map(Reservation::hold_ref).collect();
            wishes.extend((0..others).map(|_| reservation(other, 1)));
            let outcomes = store.reserve(wishes).await;
            assert_eq!(outcomes[..3], [GRANTED, GRANTED, refused]);
            assert!(outcomes[3..].iter().all(|outcome| *outcome == GRANTED));
            store.stock.settle(&held).await.unwrap();
        }
    }
}

/// Of lots in several events, in one statement, those go that are to go.
#[tokio::test(flavor = "multi_thread")]
async fn lots_of_several_events_lose_what_is_settled_of_them() {
    let store = Store::new().await;
    let events = [store.event(200).await, store.event(200).await];
    for size in [4_usize, 50] {
        let wishes: Vec<Vec<Reservation>> = events
            .iter()
            .map(|event| (0..size).map(|_| reservation(*event, 1)).collect())
            .collect();
        store.reserve(wishes.concat()).await;
        let refs = |wishes: &[Reservation]| -> Vec<HoldRef> {
            wishes.iter().map(Reservation::hold_ref).collect()
        };
        let more = [reservation(events[0], 2), reservation(events[1], 3)];
        let batch = StockBatch {
            settle: vec![
                refs(&wishes[0])[0],
                refs(&wishes[0])[2],
                refs(&wishes[1])[3],
            ],
            reserve: more.to_vec(),
        };
        assert_eq!(store.stock.reserve(&batch).await.unwrap(), [GRANTED; 2]);
        for ((wishes, more), event) in wishes.iter().zip(&more).zip(events) {
            let mut left = refs(wishes);
            left.retain(|hold| !batch.settle.contains(hold));
            left.push(more.hold_ref());
            assert_eq!(state(&store, event).await.1, left);
            store.stock.settle(&left).await.unwrap();
        }
    }
}

/// The event's document without what is its own: its id, and when and under which id the holds came.
async fn likeness(store: &Store, event: EventId) -> Document {
    let mut document = store.document(event).await;
    document.remove("_id");
    let lots = document.get_array("holds").unwrap().iter().map(|lot| {
        let mut lot = lot.as_document().unwrap().clone();
        assert!(lot.remove("at").unwrap().as_datetime().is_some());
        let ids = lot.get_array("reservationIds").unwrap().len();
        lot.insert("reservationIds", i64::try_from(ids).unwrap());
        lot
    });
    let lots: Vec<Document> = lots.collect();
    document.insert("holds", lots);
    document
}

/// Sends both batches, the first at once and the second event by event; the outcomes are the same.
async fn together_and_apart(
    store: &Store,
    together: Vec<(Vec<HoldRef>, Vec<Reservation>)>,
    apart: Vec<(Vec<HoldRef>, Vec<Reservation>)>,
) {
    let (settle, reserve): (Vec<_>, Vec<_>) = together.into_iter().unzip();
    let batch = StockBatch {
        settle: settle.concat(),
        reserve: reserve.concat(),
    };
    let at_once = store.stock.reserve(&batch).await.unwrap();
    let mut one_by_one = Vec::new();
    for (settle, reserve) in apart {
        let batch = StockBatch { settle, reserve };
        one_by_one.extend(store.stock.reserve(&batch).await.unwrap());
    }
    assert_eq!(at_once, one_by_one);
}

/// One statement for several events leaves in each what one of its own would have left.
#[tokio::test(flavor = "multi_thread")]
async fn events_that_share_a_statement_look_as_if_each_had_its_own() {
    let store = Store::new().await;
    let mut events = [Vec::new(), Vec::new()];
    for tickets in [1, 2, 5, 9, 9] {
        for event in &mut events {
            event.push(store.event(tickets).await);
        }
    }
    // Equal wishes, and different ones of which some fit, none, or all.
    let tickets: [&[i64]; 5] = [&[1, 1, 1], &[1, 1], &[3, 3, 1, 2], &[10], &[1, 2, 3]];
    let mut held = Vec::new();
    let [together, apart] = events.each_ref().map(|events| {
        let batches = events.iter().zip(tickets).map(|(event, tickets)| {
            let wishes = tickets.iter().map(|tickets| reservation(*event, *tickets));
            (Vec::new(), wishes.collect::<Vec<_>>())
        });
        let batches: Vec<_> = batches.collect();
        held.push(
            batches[4]
                .1
                .iter()
                .map(Reservation::hold_ref)
                .collect::<Vec<_>>(),
        );
        batches
    });
    together_and_apart(&store, together, apart).await;
    // Two holds go and the one between them stays; a key comes twice, and then once more.
    let keyed = |event: EventId, key: &str| Reservation {
        key_hash: Some(IdempotencyKey::parse(key).unwrap().hash_for(UserId::new(7))),
        ..reservation(event, 1)
    };
    for keys in [["a", "b", "a"], ["c", "a", "d"]] {
        let [together, apart] = [0, 1].map(|which: usize| {
            let (events, held) = (&events[which], &held[which]);
            let keyed = keys.map(|key| keyed(events[4], key)).to_vec();
            vec![
                (vec![held[0], held[2]], keyed),
                (
                    Vec::new(),
                    vec![reservation(events[3], 4), reservation(events[3], 5)],
                ),
            ]
        });
        together_and_apart(&store, together, apart).await;
    }
    for (one, other) in events[0].iter().zip(&events[1]) {
        assert_eq!(likeness(&store, *one).await, likeness(&store, *other).await);
    }
    let document = likeness(&store, events[0][4]).await;
    assert_eq!(document.get_array("holds").unwrap().len(), 4);
}

/// An event that somebody broke with a shell may keep those behind it from being updated, once: they come
/// again under new ids, and are by themselves then.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_updated_does_not_keep_tickets_from_its_neighbours() {
    for breakage in [
        doc! { "$set": { "stock.general.available": "many" } },
        doc! { "$set": { "stock": "much" } },
        doc! { "$unset": { "holds": 1 } },
    ] {
        let store = Store::new().await;
        let mut events = Vec::new();
        for _ in 0..5 {
            events.push(store.event(3).await);
        }
        let booked = reservation(events[4], 1);
        assert_eq!(store.reserve(vec![booked.clone()]).await, [GRANTED]);
        let collection = store.database.raw.collection::<Document>("events");
        let broken = mongodb::bson::oid::ObjectId::from_bytes(events[2].bytes());
        collection
            .update_one(doc! { "_id": broken }, breakage)
            .bypass_document_validation(true)
            .await
            .unwrap();
        neighbours_get_tickets(&store, &events, booked.hold_ref()).await;
    }
}

async fn neighbours_get_tickets(store: &Store, events: &[EventId], booked: HoldRef) {
    let mut open = events.to_vec();
    let mut settle = vec![booked];
    for _ in 0..2 {
        let batch = StockBatch {
            settle: std::mem::take(&mut settle),
            reserve: open.iter().map(|event| reservation(*event, 1)).collect(),
        };
        let mut outcomes = store.stock.reserve(&batch).await.unwrap().into_iter();
        open.retain(|_| outcomes.next() != Some(GRANTED));
    }
    assert_eq!(open, [events[2]]);
    for (event, left) in [(0, 2), (1, 2), (3, 2), (4, 1)] {
        let document = store.document(events[event]).await;
        assert_eq!(document.get_i64("availableTickets").unwrap(), left);
    }
    // From then on nobody has to come again for it.
    let wishes = [0, 1, 2, 3, 4].map(|event: usize| reservation(events[event], 1));
    let outcomes = store.reserve(wishes.to_vec()).await;
    for event in [0, 1, 3, 4] {
        assert_eq!(outcomes[event], GRANTED);
    }
    assert_ne!(outcomes[2], GRANTED);
    // What was to be settled behind it is settled all the same.
    for _ in 0..100 {
        let document = store.document(events[4]).await;
        if holds(&document).len() == 2 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", store.document(events[4]).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_type_of_ticket_has_its_own_stock() {
    let store = Store::new().await;
    let event = store.event(5).await;
    let types = doc! { "total": 2_i64, "available": 2_i64, "returned": 0_i64 };
    let set = doc! { "stock.vip": types, "totalTickets": 7_i64, "availableTickets": 7_i64 };
    store.edit(event, set).await.unwrap();
    let vip = TicketType::parse("vip").unwrap();
    let wish = |n| Reservation {
        ticket_type: vip.clone(),
        ..reservation(event, n)
    };
    let (kept, released) = (wish(1), wish(1));
    let wishes = vec![
        kept.clone(),
        reservation(event, 5),
        released.clone(),
        wish(1),
    ];
    let sold_out = ReserveOutcome::Refused(Refusal::SoldOut);
    assert_eq!(
        store.reserve(wishes).await,
        [GRANTED, GRANTED, GRANTED, sold_out]
    );
    assert_eq!(available(&store.document(event).await), (0, 0, 0));
    store.stock.release(&[released.hold_ref()]).await.unwrap();
    assert_eq!(available(&store.document(event).await), (1, 0, 1));
    store.stock.settle(&[kept.hold_ref()]).await.unwrap();
    let back = |ticket_type, returned| StockReturn {
        event_id: event,
        ticket_type,
        returned,
    };
    let returns = [back(vip, 1), back(TicketType::general(), 2)];
    store.stock.apply_returns(&returns).await.unwrap();
    assert_eq!(available(&store.document(event).await), (4, 2, 2));
}

/// What is available in all, of `general` and of `vip`.
fn available(document: &Document) -> (i64, i64, i64) {
    let of = |key: &str| {
        let stock = document.get_document("stock").unwrap();
        stock
            .get_document(key)
            .unwrap()
            .get_i64("available")
            .unwrap()
    };
    (
        document.get_i64("availableTickets").unwrap(),
        of("general"),
        of("vip"),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn late_duplicates_write_nothing() {
    let store = Store::new().await;
    let event = store.event(10).await;
    let holds = [
        hold(&store, event).await,
        hold(&store, event).await,
        hold(&store, event).await,
    ];
    let [settled, released, _kept] = holds;
    let back = [StockReturn {
        event_id: event,
        ticket_type: TicketType::general(),
        returned: 1,
    }];
    let (mine, other) = (token(), token());
    store
        .stock
        .close(event, mine, &ExpectedRevision::Any)
        .await
        .unwrap();
    let all = async || {
        store.stock.settle(&[settled]).await.unwrap();
        store.stock.release(&[released]).await.unwrap();
        store.stock.apply_returns(&back).await.unwrap();
        store.stock.reopen(event, mine).await.unwrap();
    };
    all().await;
    store
        .stock
        .close(event, other, &ExpectedRevision::Any)
        .await
        .unwrap();
    let (document, writes) = (store.document(event).await, store.writes().await);
    all().await;
    assert_eq!(store.document(event).await, document);
    assert_eq!(store.writes().await, writes);
    assert_eq!(document.get_i64("availableTickets").unwrap(), 7);
}

async fn hold(store: &Store, event: EventId) -> HoldRef {
    let wish = reservation(event, 2);
    let hold = wish.hold_ref();
    assert_eq!(store.reserve(vec![wish]).await, [GRANTED]);
    hold
}

#[tokio::test(flavor = "multi_thread")]
async fn settling_in_a_batch_moves_no_stock_and_clears_the_mark() {
    let store = Store::new().await;
    let event = store.event(10).await;
    let settle = vec![hold(&store, event).await];
    let batch = StockBatch {
        settle,
        reserve: Vec::new(),
    };
    store.stock.reserve(&batch).await.unwrap();
    let document = store.document(event).await;
    assert!(document.get_array("holds").unwrap().is_empty());
    assert!(!document.contains_key("held"));
    assert_eq!(document.get_i64("sv").unwrap(), 1);
    assert_eq!(document.get_i64("availableTickets").unwrap(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_callers_with_mixed_batches_never_oversell() {
    let store = Store::new().await;
    let events = [store.event(90).await, store.event(60).await];
    let calls = (0..64_usize).map(|n| {
        let wishes = (0..4).map(|k| {
            let tickets = i64::try_from((n + k) % 4 + 1).unwrap();
            reservation(events[(n + k) % 2], tickets)
        });
        let wishes: Vec<Reservation> = wishes.collect();
        async {
            let outcomes = store.reserve(wishes.clone()).await;
            wishes.into_iter().zip(outcomes).collect::<Vec<_>>()
        }
    });
    let told = join_all(calls).await.concat();
    for event in events {
        let of_event = told.iter().filter(|(wish, _)| wish.event_id == event);
        let granted = of_event.filter(|(_, outcome)| *outcome == GRANTED);
        let granted: i64 = granted
            .map(|(wish, _)| i64::from(wish.quantity.get()))
            .sum();
        let document = store.document(event).await;
        let held: i64 = holds(&document).iter().map(|(_, quantity)| quantity).sum();
        let total = document.get_i64("totalTickets").unwrap();
        assert_eq!(
            document.get_i64("availableTickets").unwrap(),
            total - granted
        );
        assert_eq!(
            (granted, held),
            (total, total),
            "wishes of one ticket fill it up"
        );
    }
}

/// An edit between closing and looking: whoever closed the event must know it, to open it again.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_closed_and_edited_since_is_still_closed_by_its_token() {
    let store = Store::new().await;
    let (event, mine) = (store.event(10).await, token());
    let first = ExpectedRevision::OneOf(vec![Revision::FIRST]);
    let state = store.stock.close(event, mine, &first).await.unwrap();
    assert_eq!(state, ClosingState::Clear);
    let change = EventChange {
        title: Some(Title::parse("New").unwrap()),
        ..EventChange::default()
    };
    let edit = store
        .events
        .update(event, &edit(&change, first.clone()))
        .await;
    assert_eq!(edit.unwrap().after.version.revision.get(), 2);
    // The statement closes nothing now; the look is what it would have been after a slow first one.
    let state = store.stock.close(event, mine, &first).await.unwrap();
    assert_eq!(state, ClosingState::Clear);
    let state = store.stock.close(event, token(), &first).await.unwrap();
    assert_eq!(state, ClosingState::Outdated);
}
