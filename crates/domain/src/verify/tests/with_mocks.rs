//! Verifying with mocked stores.

use std::collections::HashSet;
use std::time::Duration;

use tokio::time::Instant;

use super::*;
use crate::error::StoreError;
use crate::stock::{ClosingToken, Recovered};
use crate::test_runtime::runtime;

const GRACE: Duration = Duration::from_secs(30);

/// Bookings that are the same all the time: `confirmed` tickets of each event, and `booked` reservations.
fn bookings(confirmed: i64, returned: i64, booked: &[ReservationId]) -> MockBookingSurvey {
    let booked: HashSet<ReservationId> = booked.iter().copied().collect();
    let mut survey = MockBookingSurvey::new();
    survey.expect_snapshot().returning(move || {
        let mut snapshot = MockBookingSnapshot::new();
        let booked = booked.clone();
        let counts = |events: &[EventId], n| Ok(events.iter().map(|id| count(*id, n)).collect());
        snapshot
            .expect_confirmed()
            .returning(move |events| counts(events, confirmed));
        snapshot
            .expect_returned()
            .returning(move |events| counts(events, returned));
        snapshot.expect_booked().returning(move |ids| {
            let ids: HashSet<ReservationId> = ids.iter().copied().collect();
            Ok(ids.intersection(&booked).copied().collect())
        });
        Ok(Box::new(snapshot))
    });
    survey.expect_booked_events().returning(|_, _| Ok(vec![]));
    survey
}

/// Events 1 to `events`, without their stock.
fn events(events: u8) -> MockStockSurvey {
    let mut survey = MockStockSurvey::new();
    survey.expect_ids().returning(move |after, limit| {
        let ids = (1..=events).map(event).filter(|id| Some(*id) > after);
        Ok(ids.take(limit).collect())
    });
    survey
}

/// One event whose stock is what `look` says of each look, counted from 0; its counter never moves.
fn still(look: impl Fn(usize) -> EventStock + Send + 'static) -> MockStockSurvey {
    let mut survey = events(1);
    let mut looks = 0;
    survey.expect_stocks().returning(move |_| {
        looks += 1;
        Ok(vec![Surveyed::Stock(look(looks - 1))])
    });
    survey
        .expect_versions()
        .returning(|ids| Ok(ids.iter().map(|id| (*id, 1)).collect()));
    survey
}

async fn verify(stock: MockStockSurvey, bookings: MockBookingSurvey) -> (Summary, Told) {
    let (told, runtime) = (Told::default(), runtime());
    let ports = VerifyPorts {
        stock: Arc::new(stock),
        bookings: Arc::new(bookings),
        clock: runtime.clock,
        timer: runtime.timer,
    };
    let summary = Verification::new(ports, GRACE).run(&told).await.unwrap();
    (summary, told)
}

#[tokio::test(start_paused = true)]
async fn what_stands_still_and_agrees_is_whole_at_the_first_look() {
    let start = Instant::now();
    let (summary, told) = verify(still(|_| stock(event(1), 1, 6)), bookings(4, 0, &[])).await;
    assert_eq!((summary.events, summary.outcome()), (1, Outcome::Whole));
    assert_eq!(told.all(), []);
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_moving_event_is_no_false_alarm() {
    // The stock was read before a sale, the bookings after it: the sums do not agree, and the counter
    // says why.
    let mut survey = events(1);
    let mut looks = 0;
    survey.expect_stocks().returning(move |_| {
        looks += 1;
        Ok(vec![Surveyed::Stock(match looks {
            1..=40 => stock(event(1), looks, 10),
            _ => stock(event(1), 99, 6),
        })])
    });
    survey
        .expect_versions()
        .returning(|_| Ok(vec![(event(1), 99)]));
    let (summary, told) = verify(survey, bookings(4, 0, &[])).await;
    assert_eq!(summary.outcome(), Outcome::Whole);
    assert_eq!(told.all(), []);
}

#[tokio::test(start_paused = true)]
async fn what_never_stands_still_is_undecided() {
    let mut survey = events(2);
    survey.expect_stocks().returning(|ids| {
        let all = ids.iter().map(|id| Surveyed::Stock(stock(*id, 1, 6)));
        Ok(all.collect())
    });
    survey.expect_versions().returning(|ids| {
        let version = |id: &EventId| (*id, if *id == event(1) { 1 } else { 2 });
        Ok(ids.iter().map(version).collect())
    });
    let (summary, told) = verify(survey, bookings(4, 0, &[])).await;
    let undecided = Finding::Undecided { event_id: event(2) };
    assert_eq!(told.all(), [undecided]);
    assert_eq!((summary.events, summary.outcome()), (2, Outcome::Undecided));
}

#[tokio::test(start_paused = true)]
async fn broken_is_what_was_seen_three_times_over_ten_seconds() {
    let start = Instant::now();
    let (summary, told) = verify(still(|_| stock(event(1), 1, 7)), bookings(4, 0, &[])).await;
    assert!(start.elapsed() > Duration::from_secs(10));
    let [Finding::Broken { event_id, balances }] = &told.all()[..] else {
        panic!("{:?}", told.all());
    };
    assert_eq!(*event_id, event(1));
    assert_eq!((balances.len(), balances[0].missing()), (1, -1));
    assert_eq!((summary.broken, summary.outcome()), (1, Outcome::Broken));
}

#[tokio::test(start_paused = true)]
async fn a_mismatch_that_goes_away_was_none() {
    for wrong in [1, 2] {
        let look = move |look| stock(event(1), 1, if look < wrong { 7 } else { 6 });
        let (summary, told) = verify(still(look), bookings(4, 0, &[])).await;
        assert_eq!(summary.outcome(), Outcome::Whole, "{wrong}");
        assert_eq!(told.all(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn a_mismatch_that_is_never_the_same_is_undecided() {
    let look = |look| stock(event(1), 1, if look % 2 == 0 { 7 } else { 8 });
    let (summary, told) = verify(still(look), bookings(4, 0, &[])).await;
    assert_eq!(summary.outcome(), Outcome::Undecided);
    assert_eq!(told.kinds(), ["undecided"]);
}

#[tokio::test(start_paused = true)]
async fn a_hold_counts_until_its_booking_is_there() {
    let held = |n, age| HeldTickets {
        reservation_id: reservation(n),
        ticket_type: TicketType::general(),
        quantity: 2,
        age,
    };
    let with_holds = move |_| EventStock {
        // One of the two holds is booked, and among the four confirmed tickets.
        holds: vec![held(1, Duration::ZERO), held(2, GRACE * 2)],
        ..stock(event(1), 1, 4)
    };
    let (summary, told) = verify(still(with_holds), bookings(4, 0, &[reservation(1)])).await;
    assert_eq!(summary.outcome(), Outcome::Whole);
    let old = Finding::OldHolds {
        event_id: event(1),
        holds: 1,
        oldest: GRACE * 2,
    };
    assert_eq!((told.all(), summary.old_holds), (vec![old], 1));
}

#[tokio::test(start_paused = true)]
async fn a_return_on_its_way_is_no_fault_and_one_that_nobody_made_is() {
    let (summary, _) = verify(still(|_| stock(event(1), 1, 4)), bookings(4, 2, &[])).await;
    assert_eq!(summary.outcome(), Outcome::Whole);
    let ahead = |_| {
        let mut stock = stock(event(1), 1, 8);
        stock
            .types
            .get_mut(&TicketType::general())
            .unwrap()
            .returned = 2;
        stock
    };
    let (summary, told) = verify(still(ahead), bookings(4, 0, &[])).await;
    assert_eq!(summary.outcome(), Outcome::Broken);
    assert_eq!(told.kinds(), ["broken"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_closed_for_long_is_told() {
    let closed = |_| EventStock {
        closing: Some(ClosedBy {
            token: ClosingToken::new(uuid::Uuid::from_u128(1)),
            age: GRACE * 3,
        }),
        ..stock(event(1), 1, 6)
    };
    let (summary, told) = verify(still(closed), bookings(4, 0, &[])).await;
    assert_eq!(
        (summary.outcome(), summary.old_closings),
        (Outcome::Whole, 1)
    );
    assert_eq!(told.kinds(), ["old closing"]);
}

#[tokio::test(start_paused = true)]
async fn bookings_without_an_event_are_broken() {
    let mut survey = events(0);
    survey
        .expect_versions()
        .returning(|_| Ok(vec![(event(3), 1)]));
    let mut known = bookings(4, 0, &[]);
    known.checkpoint();
    known.expect_booked_events().returning(|after, _| {
        Ok(if after.is_none() {
            vec![event(3), event(4)]
        } else {
            vec![]
        })
    });
    known.expect_snapshot().returning(|| {
        let mut snapshot = MockBookingSnapshot::new();
        snapshot
            .expect_confirmed()
            .withf(|events| events == [event(4)])
            .returning(|_| Ok(vec![count(event(4), 5)]));
        Ok(Box::new(snapshot))
    });
    let (summary, told) = verify(survey, known).await;
    let unknown = Finding::UnknownEvent {
        event_id: event(4),
        tickets: 5,
    };
    assert_eq!(told.all(), [unknown]);
    assert_eq!((summary.unknown, summary.outcome()), (1, Outcome::Broken));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_is_broken_and_the_others_are_checked() {
    let mut survey = events(2);
    survey.expect_stocks().returning(|_| {
        let whole = Surveyed::Stock(stock(event(2), 1, 6));
        Ok(vec![Surveyed::Unreadable(event(1)), whole])
    });
    survey
        .expect_versions()
        .returning(|ids| Ok(ids.iter().map(|id| (*id, 1)).collect()));
    let (summary, told) = verify(survey, bookings(4, 0, &[])).await;
    assert_eq!(told.kinds(), ["unreadable"]);
    assert_eq!((summary.events, summary.broken), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_deleted_meanwhile_is_none() {
    let mut survey = events(1);
    survey
        .expect_stocks()
        .returning(|_| Ok(vec![Surveyed::Stock(stock(event(1), 1, 7))]));
    survey.expect_versions().returning(|_| Ok(vec![]));
    let (summary, told) = verify(survey, bookings(4, 0, &[])).await;
    assert_eq!((summary.outcome(), told.all()), (Outcome::Whole, vec![]));
}

#[tokio::test(start_paused = true)]
async fn every_page_is_gone_through() {
    let mut survey = events(250);
    survey.expect_stocks().returning(|ids| {
        assert!(ids.len() <= 100, "{}", ids.len());
        let all = ids.iter().map(|id| Surveyed::Stock(stock(*id, 1, 6)));
        Ok(all.collect())
    });
    survey
        .expect_versions()
        .returning(|ids| Ok(ids.iter().map(|id| (*id, 1)).collect()));
    let (summary, _) = verify(survey, bookings(4, 0, &[])).await;
    let whole = Summary {
        events: 250,
        recovered: Recovered::default(),
        ..Summary::default()
    };
    assert_eq!(summary, whole);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_is_an_error() {
    let mut survey = events(1);
    survey
        .expect_stocks()
        .returning(|_| Err(StoreError::unavailable("mongodb", "gone")));
    let (told, runtime) = (Told::default(), runtime());
    let ports = VerifyPorts {
        stock: Arc::new(survey),
        bookings: Arc::new(bookings(4, 0, &[])),
        clock: runtime.clock,
        timer: runtime.timer,
    };
    let error = Verification::new(ports, GRACE)
        .run(&told)
        .await
        .unwrap_err();
    assert!(error.is_unavailable());
}
