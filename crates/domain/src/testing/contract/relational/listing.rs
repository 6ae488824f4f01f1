//! A user's bookings, and traces of an event.

use super::super::Relational;
use super::super::make::*;
use crate::booking::{Booking, NewBooking};
use crate::page::PageRequest;

pub async fn bookings_are_listed_newest_first_in_pages(on: Relational) {
    let user = on.user("ada").await;
    // Made at one and the same moment: the order is that of the ids.
    let group: Vec<NewBooking> = (0..7).map(|_| new_booking(user.id, event_id())).collect();
    let mut bookings = on.book(&group).await;
    bookings.reverse();
    let mut seen: Vec<Booking> = Vec::new();
    for (number, size) in [(1, 3), (2, 3), (3, 1), (4, 0)] {
        let listed = on.bookings.list_for_user(user.id, page(number, 3)).await;
        let listed = listed.unwrap();
        assert_eq!((listed.rows.len(), listed.total), (size, 7));
        seen.extend(listed.rows);
    }
    assert_eq!(seen, bookings);
}

pub async fn a_page_far_beyond_the_end_is_empty(on: Relational) {
    let user = on.user("ada").await;
    on.book_one(new_booking(user.id, event_id())).await;
    let far = page(PageRequest::MAX_PAGE, 100);
    let listed = on.bookings.list_for_user(user.id, far).await.unwrap();
    assert_eq!((listed.rows, listed.total), (vec![], 1));
}

pub async fn only_the_users_own_bookings_are_listed(on: Relational) {
    let (ada, bob) = (on.user("ada").await, on.user("bob").await);
    let own = on.book_one(new_booking(ada.id, event_id())).await;
    on.book_one(new_booking(bob.id, own.event_id)).await;
    let listed = on
        .bookings
        .list_for_user(ada.id, page(1, 10))
        .await
        .unwrap();
    assert_eq!((listed.rows, listed.total), (vec![own], 1));
    let nobody = on
        .bookings
        .list_for_user(NOBODY, page(1, 10))
        .await
        .unwrap();
    assert_eq!((nobody.rows, nobody.total), (vec![], 0));
}

pub async fn cancelled_bookings_are_listed_too(on: Relational) {
    let user = on.user("ada").await;
    let booking = on.book_one(new_booking(user.id, event_id())).await;
    let cancelled = on.cancel_one(&booking).await.booking;
    let listed = on
        .bookings
        .list_for_user(user.id, page(1, 10))
        .await
        .unwrap();
    assert_eq!((listed.rows, listed.total), (vec![cancelled], 1));
}

pub async fn a_booking_is_a_trace_of_its_event_alone(on: Relational) {
    let user = on.user("ada").await;
    let booking = on.book_one(new_booking(user.id, event_id())).await;
    let another = event_id();
    assert!(on.bookings.any_trace_of(booking.event_id).await.unwrap());
    assert!(!on.bookings.any_trace_of(another).await.unwrap());
    assert!(on.bookings.any_booking_of(booking.event_id).await.unwrap());
    assert!(!on.bookings.any_booking_of(another).await.unwrap());
}

pub async fn a_cancelled_booking_is_a_trace_also_without_outbox_rows(on: Relational) {
    let user = on.user("ada").await;
    let booking = on.book_one(new_booking(user.id, event_id())).await;
    on.cancel_one(&booking).await;
    assert!(on.bookings.any_trace_of(booking.event_id).await.unwrap());
    on.empty_outbox().await;
    assert!(on.bookings.any_trace_of(booking.event_id).await.unwrap());
    assert!(on.bookings.any_booking_of(booking.event_id).await.unwrap());
}
