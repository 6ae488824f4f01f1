//! Reserving tickets.

use std::collections::HashSet;

use futures_util::future::join_all;

use super::super::Documents;
use super::super::make::*;
use crate::event::{EventChange, EventDetails};
use crate::stock::{Hold, HoldRef, Refusal, Reservation, ReserveOutcome, StockBatch};

const GRANTED: ReserveOutcome = ReserveOutcome::Granted;
const SOLD_OUT: ReserveOutcome = ReserveOutcome::Refused(Refusal::SoldOut);

pub async fn a_granted_reservation_takes_tickets_and_leaves_a_hold(on: Documents) {
    let event = on.event(5).await;
    let wish = reservation(event, 3);
    assert_eq!(on.reserve(vec![wish.clone()]).await, [GRANTED]);
    let after = on.stored(event).await;
    assert_eq!((after.total_tickets, after.available_tickets), (5, 2));
    let holds = on.stock.stale_holds(std::time::Duration::ZERO, 10).await;
    let expected = Hold {
        at: wish.hold_ref(),
        ticket_type: wish.ticket_type,
        quantity: wish.quantity,
    };
    assert_eq!(holds.unwrap(), [expected]);
}

pub async fn an_empty_batch_is_nothing(on: Documents) {
    let outcomes = on.stock.reserve(&StockBatch::default()).await.unwrap();
    assert_eq!(outcomes, []);
}

pub async fn a_smaller_wish_behind_one_that_does_not_fit_is_granted(on: Documents) {
    let event = on.event(10).await;
    let tickets = [4, 7, 5, 2, 1, 1];
    let wishes = tickets.map(|tickets| reservation(event, tickets));
    let outcomes = on.reserve(wishes.to_vec()).await;
    assert_eq!(
        outcomes,
        [GRANTED, SOLD_OUT, GRANTED, SOLD_OUT, GRANTED, SOLD_OUT]
    );
    assert_eq!(on.available(event).await, 0);
    let mut granted = [0, 2, 4].map(|index: usize| wishes[index].hold_ref());
    granted.sort();
    assert_eq!(on.holds().await, granted);
}

pub async fn of_equal_wishes_the_first_are_granted(on: Documents) {
    let event = on.event(7).await;
    for (left, expected) in [
        (7, [GRANTED, GRANTED, GRANTED, SOLD_OUT]),
        (1, [SOLD_OUT; 4]),
    ] {
        assert_eq!(on.available(event).await, left);
        let wishes = (0..4).map(|_| reservation(event, 2)).collect();
        assert_eq!(on.reserve(wishes).await, expected);
    }
    assert_eq!(on.available(event).await, 1);
    assert_eq!(on.holds().await.len(), 3);
}

pub async fn the_last_tickets_go_and_then_it_is_sold_out(on: Documents) {
    let event = on.event(10).await;
    on.hold(event, 10).await;
    assert_eq!(on.available(event).await, 0);
    assert_eq!(on.reserve(vec![reservation(event, 1)]).await, [SOLD_OUT]);
    assert_eq!(on.available(event).await, 0);
}

pub async fn a_refused_reservation_leaves_no_hold(on: Documents) {
    let event = on.event(1).await;
    assert_eq!(on.reserve(vec![reservation(event, 2)]).await, [SOLD_OUT]);
    assert_eq!(on.holds().await, []);
    assert_eq!(on.available(event).await, 1);
}

pub async fn an_unknown_event_or_type_has_no_tickets(on: Documents) {
    let event = on.event(5).await;
    let vip = Reservation {
        ticket_type: vip(),
        ..reservation(event, 1)
    };
    let wishes = vec![reservation(event_id(), 1), vip];
    let not_found = ReserveOutcome::Refused(Refusal::EventNotFound);
    assert_eq!(on.reserve(wishes).await, [not_found, not_found]);
    assert_eq!(on.available(event).await, 5);
}

pub async fn an_event_that_has_begun_takes_no_reservations(on: Documents) {
    let begun = EventDetails {
        date: at(AT),
        ..details(5)
    };
    let event = on.events.insert(&event_with(begun)).await.unwrap().id;
    let ended = ReserveOutcome::Refused(Refusal::EventEnded);
    assert_eq!(on.reserve(vec![reservation(event, 1)]).await, [ended]);
    assert_eq!(on.available(event).await, 5);
    let postponed = EventChange {
        date: Some(at(FAR)),
        ..EventChange::default()
    };
    on.edit(event, &postponed, at(AT)).await.unwrap();
    on.hold(event, 1).await;
}

pub async fn a_batch_over_several_events_is_answered_in_order(on: Documents) {
    let (full, small) = (on.event(100).await, on.event(3).await);
    let begun = EventDetails {
        date: at(0),
        ..details(5)
    };
    let begun = on.events.insert(&event_with(begun)).await.unwrap().id;
    let plan = [
        (small, 2, GRANTED),
        (full, 10, GRANTED),
        (begun, 1, ReserveOutcome::Refused(Refusal::EventEnded)),
        (small, 2, SOLD_OUT),
        (
            event_id(),
            1,
            ReserveOutcome::Refused(Refusal::EventNotFound),
        ),
        (small, 1, GRANTED),
        (full, 10, GRANTED),
    ];
    let wishes = plan.map(|(event, tickets, _)| reservation(event, tickets));
    let outcomes = on.reserve(wishes.to_vec()).await;
    assert_eq!(outcomes, plan.map(|(_, _, outcome)| outcome));
    assert_eq!(on.available(full).await, 80);
    assert_eq!(on.available(small).await, 0);
    assert_eq!(on.available(begun).await, 5);
}

pub async fn a_batch_over_sixty_events_is_granted(on: Documents) {
    let mut events = Vec::new();
    for _ in 0..60 {
        events.push(on.event(3).await);
    }
    let wishes = events.iter().map(|event| reservation(*event, 2)).collect();
    assert_eq!(on.reserve(wishes).await, vec![GRANTED; 60]);
    let wishes = events.iter().map(|event| reservation(*event, 2)).collect();
    assert_eq!(on.reserve(wishes).await, vec![SOLD_OUT; 60]);
    assert_eq!(on.holds().await.len(), 60);
}

pub async fn holds_are_settled_in_the_same_batch(on: Documents) {
    let (event, other) = (on.event(10).await, on.event(10).await);
    let settled = [on.hold(event, 2).await, on.hold(other, 3).await];
    let kept = on.hold(event, 4).await;
    let wish = reservation(event, 1);
    let batch = StockBatch {
        settle: settled.to_vec(),
        reserve: vec![wish.clone()],
    };
    assert_eq!(on.stock.reserve(&batch).await.unwrap(), [GRANTED]);
    let mut expected = [kept, wish.hold_ref()];
    expected.sort();
    assert_eq!(on.holds().await, expected);
    assert_eq!(on.available(event).await, 3);
    assert_eq!(on.available(other).await, 7);
}

pub async fn a_batch_may_only_settle(on: Documents) {
    let event = on.event(10).await;
    let hold = on.hold(event, 2).await;
    let unknown = HoldRef {
        event_id: event_id(),
        ..hold
    };
    let batch = StockBatch {
        settle: vec![hold, unknown],
        reserve: Vec::new(),
    };
    assert_eq!(on.stock.reserve(&batch).await.unwrap(), []);
    assert_eq!(on.holds().await, []);
    assert_eq!(on.available(event).await, 8);
}

pub async fn a_sold_out_event_still_settles(on: Documents) {
    let event = on.event(2).await;
    let hold = on.hold(event, 2).await;
    let batch = StockBatch {
        settle: vec![hold],
        reserve: vec![reservation(event, 1)],
    };
    assert_eq!(on.stock.reserve(&batch).await.unwrap(), [SOLD_OUT]);
    assert_eq!(on.holds().await, []);
    assert_eq!(on.available(event).await, 0);
}

pub async fn a_key_in_flight_takes_no_second_reservation(on: Documents) {
    let event = on.event(10).await;
    let key = key_hash(7, "key");
    let first = keyed_reservation(event, 2, &key);
    assert_eq!(on.reserve(vec![first.clone()]).await, [GRANTED]);
    let again = keyed_reservation(event, 2, &key);
    let in_flight = ReserveOutcome::Refused(Refusal::KeyInFlight);
    assert_eq!(on.reserve(vec![again]).await, [in_flight]);
    assert_eq!(on.available(event).await, 8);
    // Other keys, no key and other events are free; and so is the key once its hold is settled.
    let other = on.event(10).await;
    let wishes = vec![
        keyed_reservation(event, 1, &key_hash(8, "key")),
        reservation(event, 1),
        keyed_reservation(other, 1, &key),
    ];
    assert_eq!(on.reserve(wishes).await, [GRANTED; 3]);
    on.stock.settle(&[first.hold_ref()]).await.unwrap();
    assert_eq!(
        on.reserve(vec![keyed_reservation(event, 1, &key)]).await,
        [GRANTED]
    );
}

pub async fn a_key_twice_in_one_batch_is_granted_once(on: Documents) {
    let event = on.event(10).await;
    let key = key_hash(7, "key");
    let wishes = vec![
        keyed_reservation(event, 2, &key),
        keyed_reservation(event, 2, &key),
        reservation(event, 3),
    ];
    let in_flight = ReserveOutcome::Refused(Refusal::KeyInFlight);
    assert_eq!(on.reserve(wishes).await, [GRANTED, in_flight, GRANTED]);
    assert_eq!(on.available(event).await, 5);
}

pub async fn a_retry_meets_its_own_hold_before_it_meets_sold_out(on: Documents) {
    let event = on.event(1).await;
    let key = key_hash(7, "key");
    let first = keyed_reservation(event, 1, &key);
    assert_eq!(on.reserve(vec![first]).await, [GRANTED]);
    let in_flight = ReserveOutcome::Refused(Refusal::KeyInFlight);
    assert_eq!(
        on.reserve(vec![keyed_reservation(event, 1, &key)]).await,
        [in_flight]
    );
}

pub async fn of_twins_in_a_batch_the_first_is_granted(on: Documents) {
    let event = on.event(10).await;
    let (key, other) = (key_hash(7, "key"), key_hash(8, "key"));
    let batch = [&key, &other, &key, &key, &other];
    let batch = batch.map(|key| keyed_reservation(event, 1, key)).to_vec();
    let in_flight = ReserveOutcome::Refused(Refusal::KeyInFlight);
    let expected = [GRANTED, GRANTED, in_flight, in_flight, in_flight];
    assert_eq!(on.reserve(batch).await, expected);
    assert_eq!(on.available(event).await, 8);
}

pub async fn of_one_key_many_times_at_once_exactly_one_is_granted(on: Documents) {
    let event = on.event(1_000).await;
    for round in 0..10 {
        let key = key_hash(7, &format!("key-{round}"));
        let calls = (0..6).map(|_| on.reserve(vec![keyed_reservation(event, 1, &key)]));
        let outcomes = join_all(calls).await;
        let granted = outcomes.iter().filter(|outcome| **outcome == [GRANTED]);
        assert_eq!(granted.count(), 1, "{outcomes:?}");
    }
    assert_eq!(on.available(event).await, 990);
}

pub async fn batches_of_all_kinds_are_decided_one_wish_after_the_other(on: Documents) {
    let (mut random, mut next) = (0x9e37_79b9_u32, 0_i64);
    // Numbers that are the same in every run (xorshift, Marsaglia 2003).
    let mut below = |limit: u32| -> i64 {
        random ^= random << 13;
        random ^= random >> 17;
        random ^= random << 5;
        i64::from(random % limit)
    };
    for _ in 0..60 {
        let mut events = Vec::new();
        for _ in 0..=below(2) {
            let tickets = below(30) + 1;
            let event = on.event(tickets).await;
            events.push((event, tickets, HashSet::new()));
        }
        for _ in 0..3 {
            let (mut wishes, mut expected) = (Vec::new(), Vec::new());
            for _ in 0..=below(8) {
                let index = usize::try_from(below(2)).unwrap_or(0) % events.len();
                let (event, left, keys) = &mut events[index];
                let tickets = below(5) + 1;
                next += 1;
                // A key for every second, and now and then one that was there before.
                let key = (below(2) == 0).then(|| next / (below(2) + 1));
                let hash = key.map(|key| key_hash(7, &format!("key-{key}")));
                wishes.push(match &hash {
                    Some(hash) => keyed_reservation(*event, tickets, hash),
                    None => reservation(*event, tickets),
                });
                let fits = tickets <= *left && !key.is_some_and(|key| keys.contains(&key));
                if fits {
                    *left -= tickets;
                    keys.extend(key);
                }
                expected.push(fits);
            }
            let outcomes = on.reserve(wishes.clone()).await;
            let granted: Vec<bool> = outcomes.iter().map(|told| *told == GRANTED).collect();
            assert_eq!(granted, expected, "{wishes:?}");
            for (event, left, _) in &events {
                assert_eq!(i64::from(on.available(*event).await), *left);
            }
        }
    }
}
