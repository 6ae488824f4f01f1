//! Storing bookings.

use futures_util::future::join_all;

use super::super::Relational;
use super::super::make::*;
use crate::booking::{BookingStatus, CommitOutcome, NewBooking};
use crate::stock::ReservationId;

pub async fn a_booking_comes_back_as_it_was_made(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    let new = NewBooking {
        quantity: quantity(10),
        ticket_type: vip(),
        ..new_booking(user.id, event)
    };
    let booking = on.book_one(new.clone()).await;
    assert!(booking.id.get() > 0);
    assert_eq!((booking.event_id, booking.user_id), (event, user.id));
    assert_eq!(
        (booking.ticket_type.clone(), booking.quantity),
        (vip(), quantity(10))
    );
    assert_eq!(booking.status, BookingStatus::Confirmed);
    assert_eq!(booking.created_at, new.created_at);
    let listed = on
        .bookings
        .list_for_user(user.id, page(1, 10))
        .await
        .unwrap();
    assert_eq!(listed.rows, [booking]);
}

pub async fn times_keep_their_milliseconds(on: Relational) {
    let user = on.user("ada").await;
    for millis in [AT, AT + 1, 1, 999, 4_102_444_800_001] {
        let new = NewBooking {
            created_at: at(millis),
            ..new_booking(user.id, event_id())
        };
        on.book_one(new).await;
        let listed = on
            .bookings
            .list_for_user(user.id, page(1, 1))
            .await
            .unwrap();
        assert_eq!(listed.rows[0].created_at, at(millis));
    }
}

pub async fn a_group_is_stored_under_ascending_ids(on: Relational) {
    let (ada, bob) = (on.user("ada").await, on.user("bob").await);
    let group = [
        new_booking(bob.id, event_id()),
        new_booking(ada.id, event_id()),
        keyed_booking(ada.id, event_id(), "key"),
        new_booking(bob.id, event_id()),
    ];
    let bookings = on.book(&group).await;
    assert!(bookings.is_sorted_by(|one, next| one.id < next.id));
    for (booking, new) in bookings.iter().zip(&group) {
        assert_eq!(
            (booking.user_id, booking.event_id),
            (new.user_id, new.event_id)
        );
    }
    let later = on.book_one(new_booking(ada.id, event_id())).await;
    assert!(later.id > bookings[3].id);
}

pub async fn a_group_of_256_is_stored_whole(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    let group: Vec<NewBooking> = (0..256)
        .map(|n| keyed_booking(user.id, event, &format!("key-{n}")))
        .collect();
    on.book(&group).await;
    let listed = on
        .bookings
        .list_for_user(user.id, page(3, 100))
        .await
        .unwrap();
    assert_eq!((listed.rows.len(), listed.total), (56, 256));
    assert_eq!(on.waiting_records().await.len(), 256);
}

pub async fn an_empty_group_is_nothing(on: Relational) {
    assert_eq!(on.bookings.commit(&[]).await.unwrap(), []);
}

pub async fn a_user_who_is_not_there_gets_no_booking(on: Relational) {
    let event = event_id();
    let outcomes = on.bookings.commit(&[new_booking(NOBODY, event)]).await;
    assert_eq!(outcomes.unwrap(), [CommitOutcome::UserGone]);
    assert!(!on.bookings.any_trace_of(event).await.unwrap());
    assert_eq!(on.all_pending().await.rows, []);
}

pub async fn a_reservation_is_booked_once(on: Relational) {
    let user = on.user("ada").await;
    let first = new_booking(user.id, event_id());
    on.book_one(first.clone()).await;
    let again = NewBooking {
        reservation_id: first.reservation_id,
        ..new_booking(user.id, event_id())
    };
    let outcomes = on.bookings.commit(&[again]).await.unwrap();
    assert_eq!(outcomes, [CommitOutcome::ReservationTaken]);
    let listed = on
        .bookings
        .list_for_user(user.id, page(1, 10))
        .await
        .unwrap();
    assert_eq!(listed.total, 1);
    assert_eq!(on.waiting_records().await.len(), 1);
}

pub async fn a_reservation_twice_in_one_group_is_booked_once(on: Relational) {
    let user = on.user("ada").await;
    let one = new_booking(user.id, event_id());
    let two = NewBooking {
        reservation_id: one.reservation_id,
        ..new_booking(user.id, one.event_id)
    };
    let other = new_booking(user.id, one.event_id);
    let outcomes = on.bookings.commit(&[one, two, other]).await.unwrap();
    expect_booked(&outcomes[0]);
    assert_eq!(outcomes[1], CommitOutcome::ReservationTaken);
    expect_booked(&outcomes[2]);
    let listed = on
        .bookings
        .list_for_user(user.id, page(1, 10))
        .await
        .unwrap();
    assert_eq!(listed.total, 2);
}

pub async fn what_fails_for_its_own_reason_does_not_stop_the_others(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    let before = keyed_booking(user.id, event, "used");
    on.book_one(before.clone()).await;
    on.empty_outbox().await;
    let taken = NewBooking {
        reservation_id: before.reservation_id,
        ..new_booking(user.id, event)
    };
    let group = [
        new_booking(user.id, event),
        new_booking(NOBODY, event),
        keyed_booking(user.id, event, "used"),
        taken,
        keyed_booking(user.id, event, "new"),
        keyed_booking(user.id, event, "new"),
        new_booking(user.id, event),
    ];
    let outcomes = on.bookings.commit(&group).await.unwrap();
    assert_eq!(outcomes.len(), group.len());
    assert_eq!(outcomes[1], CommitOutcome::UserGone);
    assert_eq!(outcomes[2], CommitOutcome::KeyTaken);
    assert_eq!(outcomes[3], CommitOutcome::ReservationTaken);
    assert_eq!(outcomes[5], CommitOutcome::KeyTaken);
    let booked = [0, 4, 6].map(|index: usize| expect_booked(&outcomes[index]));
    assert!(booked.is_sorted_by(|one, next| one.id < next.id));
    let listed = on
        .bookings
        .list_for_user(user.id, page(1, 10))
        .await
        .unwrap();
    assert_eq!(listed.total, 4);
    assert_eq!(on.waiting_records().await.len(), 3);
}

pub async fn a_deleted_user_does_not_stop_the_others(on: Relational) {
    let (ada, bob, event) = (on.user("ada").await.id, on.user("bob").await.id, event_id());
    on.users.delete(bob, at(AT), None).await.unwrap();
    let group = [
        new_booking(ada, event),
        new_booking(bob, event),
        keyed_booking(bob, event, "key"),
        keyed_booking(bob, event, "key"),
        keyed_booking(ada, event, "key"),
        new_booking(NOBODY, event),
    ];
    let outcomes = on.bookings.commit(&group).await.unwrap();
    for gone in [1, 2, 3, 5] {
        assert_eq!(outcomes[gone], CommitOutcome::UserGone);
    }
    let booked = [0, 4].map(|index: usize| expect_booked(&outcomes[index]));
    assert!(booked[0].id < booked[1].id);
    let of = |user| on.bookings.list_for_user(user, page(1, 10));
    assert_eq!(of(ada).await.unwrap().total, 2);
    assert_eq!(of(bob).await.unwrap().total, 0);
    assert_eq!(on.waiting_records().await.len(), 2);
}

pub async fn many_groups_at_once_are_all_stored(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    let groups: Vec<Vec<NewBooking>> = (0..16)
        .map(|_| (0..5).map(|_| new_booking(user.id, event)).collect())
        .collect();
    let outcomes = on.commit_at_once(&groups).await;
    let mut ids: Vec<_> = outcomes.iter().map(|o| expect_booked(o).id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 80);
    assert_eq!(on.waiting_records().await.len(), 80);
}

pub async fn one_reservation_in_two_groups_at_once_is_booked_once(on: Relational) {
    let user = on.user("ada").await;
    for _ in 0..10 {
        let id: ReservationId = reservation_id();
        let groups: Vec<Vec<NewBooking>> = (0..4)
            .map(|_| {
                let same = NewBooking {
                    reservation_id: id,
                    ..new_booking(user.id, event_id())
                };
                vec![new_booking(user.id, event_id()), same]
            })
            .collect();
        let answers = join_all(groups.iter().map(|group| on.bookings.commit(group))).await;
        let mut winners = 0;
        for outcomes in answers.into_iter().map(Result::unwrap) {
            expect_booked(&outcomes[0]);
            match &outcomes[1] {
                CommitOutcome::Booked(_) => winners += 1,
                other => assert_eq!(*other, CommitOutcome::ReservationTaken),
            }
        }
        assert_eq!(winners, 1);
    }
}
