//! The stock under many hands, and at its bounds.

use futures_util::future::join_all;

use super::super::Documents;
use super::super::make::*;
use crate::event::EventId;
use crate::stock::{MAX_HOLDS, Refusal, Reservation, ReserveOutcome, StockBatch};

const GRANTED: ReserveOutcome = ReserveOutcome::Granted;

/// Sends each batch in a call of its own, all at once, and checks that what left the stock is what
/// was granted, and that nobody was refused who would have fitted.
async fn run(on: &Documents, events: &[EventId], batches: Vec<Vec<Reservation>>) {
    let calls = batches.iter().map(|batch| on.reserve(batch.clone()));
    let outcomes: Vec<ReserveOutcome> = join_all(calls).await.concat();
    let wishes: Vec<Reservation> = batches.concat();
    let mut granted_holds = Vec::new();
    for event in events {
        let mut granted = 0;
        let mut smallest_refused = u32::MAX;
        let asked = wishes.iter().zip(&outcomes);
        for (wish, outcome) in asked.filter(|(wish, _)| wish.event_id == *event) {
            match outcome {
                ReserveOutcome::Granted => {
                    granted += wish.quantity.get();
                    granted_holds.push(wish.hold_ref());
                }
                ReserveOutcome::Refused(Refusal::SoldOut) => {
                    smallest_refused = smallest_refused.min(wish.quantity.get());
                }
                ReserveOutcome::Refused(other) => panic!("{other:?}"),
            }
        }
        let after = on.stored(*event).await;
        assert_eq!(after.total_tickets - after.available_tickets, granted);
        assert!(after.available_tickets < smallest_refused);
    }
    granted_holds.sort();
    assert_eq!(on.holds().await, granted_holds);
}

pub async fn sixty_four_at_once_never_oversell(on: Documents) {
    let event = on.event(100).await;
    let wishes = (0..64).map(|n| vec![reservation(event, 1 + n % 3)]);
    run(&on, &[event], wishes.collect()).await;
}

pub async fn batches_over_two_events_at_once_never_oversell(on: Documents) {
    let events = [on.event(40).await, on.event(25).await];
    let batch = |n: usize| -> Vec<Reservation> {
        let tickets = [1, 4, 2, 10, 3];
        let wish = |k: usize| reservation(events[(n + k) % 2], tickets[(n + k) % 5]);
        (0..4).map(wish).collect()
    };
    run(&on, &events, (0..16).map(batch).collect()).await;
}

pub async fn tickets_that_go_and_come_back_at_once_end_where_they_began(on: Documents) {
    let event = on.event(20).await;
    let round_trip = async |n: i64| {
        let wish = reservation(event, 1 + n % 5);
        let hold = wish.hold_ref();
        let outcome = on.reserve(vec![wish]).await;
        on.stock.release(&[hold]).await.unwrap();
        outcome == [GRANTED]
    };
    let granted = join_all((0..32).map(round_trip)).await;
    assert!(granted.contains(&true));
    assert_eq!(on.available(event).await, 20);
    assert_eq!(on.holds().await, []);
}

pub async fn an_event_has_no_more_than_max_holds(on: Documents) {
    let event = on.event(1_000_000).await;
    let mut missing = MAX_HOLDS - 1;
    while missing > 0 {
        let size = missing.min(256);
        let wishes = (0..size).map(|_| reservation(event, 1)).collect();
        assert_eq!(on.reserve(wishes).await, vec![GRANTED; size]);
        missing -= size;
    }
    let full = ReserveOutcome::Refused(Refusal::TooManyHolds);
    let last_two = vec![reservation(event, 1), reservation(event, 1)];
    let last = last_two[0].hold_ref();
    assert_eq!(on.reserve(last_two).await, [GRANTED, full]);
    assert_eq!(on.reserve(vec![reservation(event, 1)]).await, [full]);
    assert_eq!(on.holds().await.len(), MAX_HOLDS);
    // A hold that is settled on the way makes room in the same step.
    let batch = StockBatch {
        settle: vec![last],
        reserve: vec![reservation(event, 1), reservation(event, 1)],
    };
    assert_eq!(on.stock.reserve(&batch).await.unwrap(), [GRANTED, full]);
    let sold = u32::try_from(MAX_HOLDS).unwrap() + 1;
    assert_eq!(on.available(event).await, 1_000_000 - sold);
}
