//! Booking under a key.

use super::*;
use crate::idempotency::{Done, KeyError};

#[tokio::test(start_paused = true)]
async fn a_key_that_was_used_replays_the_booking_as_it_was_made() {
    let mut mocks = Mocks::new();
    mocks
        .bookings
        .expect_find_by_keys()
        .times(1)
        .returning(|_| Ok(vec![Some(earlier(2))]));
    let (service, _) = mocks.service();
    let booked = service
        .book(wish(Some("k")), USER, &origin())
        .await
        .unwrap();
    assert_eq!(booked, Done::before(booking()));
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_used_for_something_else_is_a_mismatch() {
    let mut mocks = Mocks::new();
    mocks
        .bookings
        .expect_find_by_keys()
        .times(1)
        .returning(|_| Ok(vec![Some(earlier(3))]));
    let (service, _) = mocks.service();
    let answer = service.book(wish(Some("k")), USER, &origin()).await;
    assert!(matches!(answer, Err(BookError::Key(KeyError::Mismatch))));
}

#[tokio::test(start_paused = true)]
async fn the_loser_of_a_race_for_a_key_releases_and_replays_the_winner() {
    let mut mocks = Mocks::new();
    let mut order = Sequence::new();
    mocks
        .bookings
        .expect_find_by_keys()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![None]));
    grant(&mut mocks);
    answer_commit(&mut mocks, CommitOutcome::KeyTaken);
    mocks
        .stock
        .expect_release()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    mocks
        .bookings
        .expect_find_by_keys()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![Some(earlier(2))]));
    let (service, _) = mocks.service();
    assert!(
        service
            .book(wish(Some("k")), USER, &origin())
            .await
            .unwrap()
            .replayed
    );
}

#[tokio::test(start_paused = true)]
async fn a_keyed_request_that_is_refused_looks_for_its_key_once_more() {
    let mut mocks = Mocks::new();
    let mut order = Sequence::new();
    mocks
        .bookings
        .expect_find_by_keys()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![None]));
    mocks
        .stock
        .expect_reserve()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![ReserveOutcome::Refused(Refusal::SoldOut)]));
    mocks
        .bookings
        .expect_find_by_keys()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![Some(earlier(2))]));
    let (service, _) = mocks.service();
    assert!(
        service
            .book(wish(Some("k")), USER, &origin())
            .await
            .unwrap()
            .replayed
    );
}
