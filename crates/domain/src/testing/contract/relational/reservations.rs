//! What stands under a reservation id, and fences.

use futures_util::future::join;

use super::super::Relational;
use super::super::make::*;
use crate::booking::{CommitOutcome, FenceOutcome, NewBooking, ReservationRow};
use crate::stock::{HoldRef, ReservationId};

/// Fences one hold; asks again while a transaction of somebody else has it.
async fn fence(on: &Relational, hold: HoldRef) -> FenceOutcome {
    for _ in 0..100 {
        let outcomes = on.bookings.fence(&[hold]).await.unwrap();
        assert_eq!(outcomes.len(), 1);
        match outcomes.into_iter().next() {
            Some(FenceOutcome::Busy) => {}
            Some(outcome) => return outcome,
            None => break,
        }
    }
    panic!("the fence never came to stand");
}

fn hold() -> HoldRef {
    HoldRef {
        event_id: event_id(),
        reservation_id: reservation_id(),
    }
}

pub async fn every_state_is_told_in_the_order_of_the_ids(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    let group = [new_booking(user.id, event), new_booking(user.id, event)];
    let bookings = on.book(&group).await;
    let cancelled = on.cancel_one(&bookings[1]).await.booking;
    let void = hold();
    assert_eq!(fence(&on, void).await, FenceOutcome::Void);
    let ids = [
        group[1].reservation_id,
        reservation_id(),
        void.reservation_id,
        group[0].reservation_id,
        reservation_id(),
    ];
    let rows = on.bookings.find_reservations(&ids).await.unwrap();
    let expected = [
        ReservationRow::Booked(cancelled),
        ReservationRow::Absent,
        ReservationRow::Void,
        ReservationRow::Booked(bookings[0].clone()),
        ReservationRow::Absent,
    ];
    assert_eq!(rows, expected);
}

pub async fn none_and_a_thousand_can_be_looked_up(on: Relational) {
    let user = on.user("ada").await;
    assert_eq!(on.bookings.find_reservations(&[]).await.unwrap(), []);
    let new = new_booking(user.id, event_id());
    let mut ids: Vec<ReservationId> = (0..999).map(|_| reservation_id()).collect();
    ids.insert(500, new.reservation_id);
    let booking = on.book_one(new).await;
    let rows = on.bookings.find_reservations(&ids).await.unwrap();
    assert_eq!(rows.len(), 1_000);
    assert_eq!(rows[500], ReservationRow::Booked(booking));
    let absent = rows.iter().filter(|row| **row == ReservationRow::Absent);
    assert_eq!(absent.count(), 999);
}

pub async fn a_fence_where_nothing_stands_is_void_and_stays(on: Relational) {
    let hold = hold();
    for _ in 0..3 {
        assert_eq!(fence(&on, hold).await, FenceOutcome::Void);
    }
    let rows = on.bookings.find_reservations(&[hold.reservation_id]).await;
    assert_eq!(rows.unwrap(), [ReservationRow::Void]);
}

pub async fn a_fence_meets_the_booking_that_was_first(on: Relational) {
    let user = on.user("ada").await;
    let new = new_booking(user.id, event_id());
    let booking = on.book_one(new.clone()).await;
    let found = fence(&on, hold_of(&new)).await;
    assert_eq!(found, FenceOutcome::Booked(booking.clone()));
    let cancelled = on.cancel_one(&booking).await.booking;
    let found = fence(&on, hold_of(&new)).await;
    assert_eq!(found, FenceOutcome::Booked(cancelled));
}

pub async fn fences_answer_in_the_order_of_the_holds(on: Relational) {
    let user = on.user("ada").await;
    let new = new_booking(user.id, event_id());
    let booking = on.book_one(new.clone()).await;
    let (before, after) = (hold(), hold());
    assert_eq!(fence(&on, after).await, FenceOutcome::Void);
    // Not in the order of the ids.
    let holds = [after, hold_of(&new), before, hold()];
    let outcomes = on.bookings.fence(&holds).await.unwrap();
    let (void, booked) = (FenceOutcome::Void, FenceOutcome::Booked(booking));
    assert_eq!(outcomes, [void.clone(), booked, void.clone(), void]);
}

pub async fn none_and_a_thousand_can_be_fenced(on: Relational) {
    assert_eq!(on.bookings.fence(&[]).await.unwrap(), []);
    let holds: Vec<HoldRef> = (0..1_000).map(|_| hold()).collect();
    let outcomes = on.bookings.fence(&holds).await.unwrap();
    assert_eq!(outcomes, vec![FenceOutcome::Void; 1_000]);
}

pub async fn a_commit_behind_a_fence_finds_the_reservation_taken(on: Relational) {
    let user = on.user("ada").await;
    let late = keyed_booking(user.id, event_id(), "key");
    assert_eq!(fence(&on, hold_of(&late)).await, FenceOutcome::Void);
    let other = new_booking(user.id, late.event_id);
    let outcomes = on.bookings.commit(&[late.clone(), other]).await.unwrap();
    assert_eq!(outcomes[0], CommitOutcome::ReservationTaken);
    expect_booked(&outcomes[1]);
    let rows = on.bookings.find_reservations(&[late.reservation_id]).await;
    assert_eq!(rows.unwrap(), [ReservationRow::Void]);
    // Nor did the late commit use up its key.
    on.book_one(keyed_booking(user.id, late.event_id, "key"))
        .await;
}

pub async fn a_void_row_is_no_booking_to_anybody(on: Relational) {
    let user = on.user("ada").await;
    let hold = hold();
    assert_eq!(fence(&on, hold).await, FenceOutcome::Void);
    let listed = on
        .bookings
        .list_for_user(user.id, page(1, 10))
        .await
        .unwrap();
    assert_eq!((listed.rows, listed.total), (vec![], 0));
    assert!(!on.bookings.any_trace_of(hold.event_id).await.unwrap());
    assert!(!on.bookings.any_booking_of(hold.event_id).await.unwrap());
    assert_eq!(on.all_pending().await.rows, []);
    assert_eq!(on.bookings.forget_keys(at(FAR), 10).await.unwrap(), 0);
}

pub async fn of_a_fence_and_a_commit_at_once_exactly_one_wins(on: Relational) {
    let user = on.user("ada").await;
    for round in 0..40 {
        let new = new_booking(user.id, event_id());
        let group: [NewBooking; 1] = [new.clone()];
        // Whoever is polled first is ahead: both get their turn.
        let (committed, fenced) = if round % 2 == 0 {
            join(on.bookings.commit(&group), fence(&on, hold_of(&new))).await
        } else {
            let turned = join(fence(&on, hold_of(&new)), on.bookings.commit(&group)).await;
            (turned.1, turned.0)
        };
        let row = on.bookings.find_reservations(&[new.reservation_id]).await;
        let row = row.unwrap().remove(0);
        match (committed.unwrap().remove(0), fenced) {
            (CommitOutcome::Booked(booking), FenceOutcome::Booked(seen)) => {
                assert_eq!(booking, seen);
                assert_eq!(row, ReservationRow::Booked(booking));
            }
            (CommitOutcome::ReservationTaken, FenceOutcome::Void) => {
                assert_eq!(row, ReservationRow::Void);
            }
            both => panic!("{both:?}"),
        }
    }
}
