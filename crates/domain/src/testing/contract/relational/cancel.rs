//! Cancelling bookings.

use futures_util::future::join_all;

use super::super::Relational;
use super::super::make::*;
use crate::booking::{
    BookingId, BookingStatus, CancelOutcome, Cancellation, FenceOutcome, NewBooking, ReservationRow,
};
use crate::request::Identity;
use crate::stock::{StockReturn, TicketType};

async fn cancel(on: &Relational, booking: BookingId, by: Identity) -> CancelOutcome {
    let wish = cancellation(booking, by);
    let mut outcomes = on.bookings.cancel(&[wish]).await.unwrap();
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

pub async fn the_owner_cancels(on: Relational) {
    let user = on.user("ada").await;
    let new = new_booking(user.id, event_id());
    let booking = on.book_one(new.clone()).await;
    let wish = cancellation(booking.id, as_user(user.id));
    let cancelled = on.cancel_one(&booking).await;
    let at = wish.at;
    assert_eq!(cancelled.booking.status, BookingStatus::Cancelled { at });
    assert_eq!(cancelled.booking.clone().as_made(), booking);
    assert_eq!(cancelled.stock_return, came_back(new.event_id, 2));
    let rows = on.bookings.find_reservations(&[new.reservation_id]).await;
    assert_eq!(rows.unwrap(), [ReservationRow::Booked(cancelled.booking)]);
}

pub async fn an_admin_cancels_for_anybody(on: Relational) {
    let user = on.user("ada").await;
    let booking = on.book_one(new_booking(user.id, event_id())).await;
    expect_cancelled(&cancel(&on, booking.id, as_admin(NOBODY)).await);
}

pub async fn to_a_stranger_there_is_no_such_booking(on: Relational) {
    let (ada, bob) = (on.user("ada").await, on.user("bob").await);
    let booking = on.book_one(new_booking(ada.id, event_id())).await;
    on.empty_outbox().await;
    let stranger = as_user(bob.id);
    assert_eq!(
        cancel(&on, booking.id, stranger).await,
        CancelOutcome::NotFound
    );
    assert_eq!(on.all_pending().await.rows, []);
    on.cancel_one(&booking).await;
    // Nor does a stranger learn that it is cancelled.
    assert_eq!(
        cancel(&on, booking.id, stranger).await,
        CancelOutcome::NotFound
    );
}

pub async fn an_unknown_booking_is_not_found(on: Relational) {
    let unknown = BookingId::new(999_999_999);
    for by in [as_user(NOBODY), as_admin(NOBODY)] {
        assert_eq!(cancel(&on, unknown, by).await, CancelOutcome::NotFound);
    }
    assert_eq!(on.all_pending().await.rows, []);
}

pub async fn a_void_row_cannot_be_cancelled(on: Relational) {
    let user = on.user("ada").await;
    let before = on.book_one(new_booking(user.id, event_id())).await;
    let void = new_booking(user.id, event_id());
    let fenced = on.bookings.fence(&[hold_of(&void)]).await.unwrap();
    assert_eq!(fenced, [FenceOutcome::Void]);
    let after = on.book_one(new_booking(user.id, event_id())).await;
    // Wherever the void row's number is, it lies between the two.
    for number in before.id.get() + 1..after.id.get() {
        let outcome = cancel(&on, BookingId::new(number), as_admin(user.id)).await;
        assert_eq!(outcome, CancelOutcome::NotFound);
    }
    let rows = on.bookings.find_reservations(&[void.reservation_id]).await;
    assert_eq!(rows.unwrap(), [ReservationRow::Void]);
}

pub async fn a_second_cancellation_changes_nothing(on: Relational) {
    let user = on.user("ada").await;
    let booking = on.book_one(new_booking(user.id, event_id())).await;
    let cancelled = on.cancel_one(&booking).await.booking;
    let later = Cancellation {
        at: at(AT + 999_999),
        ..cancellation(booking.id, as_user(user.id))
    };
    let outcomes = on.bookings.cancel(&[later]).await.unwrap();
    assert_eq!(outcomes, [CancelOutcome::AlreadyCancelled]);
    let listed = on
        .bookings
        .list_for_user(user.id, page(1, 10))
        .await
        .unwrap();
    assert_eq!(listed.rows, [cancelled]);
    let work = on.all_pending().await;
    assert_eq!(work.rows.len(), 2);
    assert_eq!(work.returns, [came_back(booking.event_id, 2)]);
}

pub async fn a_booking_twice_in_one_group_is_cancelled_once(on: Relational) {
    let user = on.user("ada").await;
    let booking = on.book_one(new_booking(user.id, event_id())).await;
    let group = [
        cancellation(booking.id, as_user(user.id)),
        cancellation(booking.id, as_user(user.id)),
    ];
    let outcomes = on.bookings.cancel(&group).await.unwrap();
    let cancelled = expect_cancelled(&outcomes[0]);
    assert_eq!(cancelled.stock_return, came_back(booking.event_id, 2));
    assert_eq!(outcomes[1], CancelOutcome::AlreadyCancelled);
    assert_eq!(on.waiting_records().await.len(), 2);
}

pub async fn of_many_cancellations_at_once_exactly_one_counts(on: Relational) {
    let user = on.user("ada").await;
    let event = event_id();
    for round in 1..=10 {
        let booking = on.book_one(new_booking(user.id, event)).await;
        let by = [as_user(user.id), as_admin(user.id)].into_iter().cycle();
        let calls = by.take(6).map(|by| cancel(&on, booking.id, by));
        let outcomes = join_all(calls).await;
        let again = outcomes
            .iter()
            .filter(|outcome| **outcome == CancelOutcome::AlreadyCancelled);
        assert_eq!(again.count(), 5, "{outcomes:?}");
        let work = on.all_pending().await;
        assert_eq!(work.returns, [came_back(event, 2 * round)]);
    }
}

pub async fn a_mixed_group_is_answered_in_order(on: Relational) {
    let (ada, bob) = (on.user("ada").await, on.user("bob").await);
    let group: Vec<NewBooking> = [&ada, &bob, &ada]
        .map(|user| new_booking(user.id, event_id()))
        .into();
    let bookings = on.book(&group).await;
    on.cancel_one(&bookings[2]).await;
    let by = as_user(ada.id);
    // Not in the order of the ids, and with refusals between.
    let wishes = [
        cancellation(bookings[2].id, by),
        cancellation(BookingId::new(999_999_999), by),
        cancellation(bookings[1].id, by),
        cancellation(bookings[0].id, by),
        cancellation(bookings[1].id, as_admin(ada.id)),
    ];
    let outcomes = on.bookings.cancel(&wishes).await.unwrap();
    assert_eq!(outcomes.len(), wishes.len());
    assert_eq!(outcomes[0], CancelOutcome::AlreadyCancelled);
    assert_eq!(outcomes[1], CancelOutcome::NotFound);
    assert_eq!(outcomes[2], CancelOutcome::NotFound);
    assert_eq!(expect_cancelled(&outcomes[3]).booking.id, bookings[0].id);
    assert_eq!(expect_cancelled(&outcomes[4]).booking.id, bookings[1].id);
    assert_eq!(on.waiting_records().await.len(), 3 + 1 + 2);
}

pub async fn an_empty_group_of_cancellations_is_nothing(on: Relational) {
    assert_eq!(on.bookings.cancel(&[]).await.unwrap(), []);
}

pub async fn what_came_back_is_counted_per_event_and_type(on: Relational) {
    let user = on.user("ada").await;
    let (one, two) = (event_id(), event_id());
    let general = TicketType::general();
    let plan = [
        (one, general.clone(), 3, 3),
        (two, general.clone(), 1, 1),
        (one, vip(), 5, 5),
        (one, general.clone(), 10, 13),
        (one, vip(), 2, 7),
        (two, general, 1, 2),
    ];
    for (event_id, ticket_type, tickets, returned) in plan {
        let new = NewBooking {
            ticket_type: ticket_type.clone(),
            quantity: quantity(tickets),
            ..new_booking(user.id, event_id)
        };
        let booking = on.book_one(new).await;
        let counter = on.cancel_one(&booking).await.stock_return;
        let expected = StockReturn {
            event_id,
            ticket_type,
            returned,
        };
        assert_eq!(counter, expected);
    }
}

pub async fn the_counters_of_a_group_reach_its_sum(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    let group: Vec<NewBooking> = (0..4).map(|_| new_booking(user.id, event)).collect();
    let bookings = on.book(&group).await;
    on.cancel_one(&bookings[0]).await;
    let wishes: Vec<Cancellation> = bookings[1..]
        .iter()
        .map(|booking| cancellation(booking.id, as_user(user.id)))
        .collect();
    let outcomes = on.bookings.cancel(&wishes).await.unwrap();
    // Each counter has its own cancellation in it, and the last has them all.
    for (index, outcome) in outcomes.iter().enumerate() {
        let returned = expect_cancelled(outcome).stock_return.returned;
        assert!(returned >= 2 * (index as u64 + 2), "{outcomes:?}");
        assert!(returned <= 8, "{outcomes:?}");
    }
    let last = expect_cancelled(&outcomes[2]).stock_return;
    assert_eq!(last, came_back(event, 8));
    assert_eq!(on.all_pending().await.returns, [came_back(event, 8)]);
}

pub async fn cancellations_of_different_bookings_at_once_all_count(on: Relational) {
    let user = on.user("ada").await;
    let events = [event_id(), event_id()];
    let group: Vec<NewBooking> = (0..20)
        .map(|n| new_booking(user.id, events[n % 2]))
        .collect();
    let bookings = on.book(&group).await;
    let calls = bookings
        .iter()
        .map(|booking| cancel(&on, booking.id, as_user(user.id)));
    join_all(calls).await.iter().for_each(|outcome| {
        expect_cancelled(outcome);
    });
    let mut returns = on.all_pending().await.returns;
    returns.sort_by_key(|back| back.event_id);
    assert_eq!(returns, events.map(|event| came_back(event, 20)));
}
