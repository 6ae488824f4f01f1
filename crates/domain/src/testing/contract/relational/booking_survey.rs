//! Looking at all bookings at one moment.

use std::collections::HashSet;

use super::super::Relational;
use super::super::make::*;
use crate::booking::NewBooking;
use crate::event::EventId;
use crate::stock::{HoldRef, TicketType};
use crate::user::UserId;
use crate::verify::{BookingSnapshot, TicketCount};

fn count(event_id: EventId, ticket_type: TicketType, tickets: i64) -> TicketCount {
    TicketCount {
        event_id,
        ticket_type,
        tickets,
    }
}

fn of_type(user: UserId, event: EventId, ticket_type: TicketType) -> NewBooking {
    NewBooking {
        ticket_type,
        ..new_booking(user, event)
    }
}

fn sorted(mut counts: Vec<TicketCount>) -> Vec<TicketCount> {
    counts.sort_by_key(|count| (count.event_id, count.ticket_type.clone()));
    counts
}

async fn confirmed(on: &dyn BookingSnapshot, events: &[EventId]) -> Vec<TicketCount> {
    sorted(on.confirmed(events).await.unwrap())
}

pub async fn confirmed_tickets_are_counted_per_event_and_type(on: Relational) {
    let user = on.user("ada").await.id;
    let (one, two, other) = (event_id(), event_id(), event_id());
    let group = [
        new_booking(user, one),
        new_booking(user, one),
        of_type(user, one, vip()),
        new_booking(user, two),
        new_booking(user, two),
        new_booking(user, other),
    ];
    let booked = on.book(&group).await;
    on.cancel_one(&booked[4]).await;
    on.bookings
        .fence(&[HoldRef {
            event_id: two,
            reservation_id: reservation_id(),
        }])
        .await
        .unwrap();
    let snapshot = on.survey.snapshot().await.unwrap();
    let expected = [
        count(one, TicketType::general(), 4),
        count(one, vip(), 2),
        count(two, TicketType::general(), 2),
    ];
    let events = [one, two, event_id()];
    assert_eq!(confirmed(snapshot.as_ref(), &events).await, expected);
    assert_eq!(confirmed(snapshot.as_ref(), &[]).await, []);
}

pub async fn what_came_back_is_told_per_event_and_type(on: Relational) {
    let user = on.user("ada").await.id;
    let (one, two) = (event_id(), event_id());
    let group = [
        new_booking(user, one),
        new_booking(user, one),
        of_type(user, one, vip()),
        new_booking(user, two),
        new_booking(user, event_id()),
    ];
    let booked = on.book(&group).await;
    for index in [0, 1, 2, 4] {
        on.cancel_one(&booked[index]).await;
    }
    let snapshot = on.survey.snapshot().await.unwrap();
    let expected = [count(one, TicketType::general(), 4), count(one, vip(), 2)];
    let returned = snapshot.returned(&[one, two]).await.unwrap();
    assert_eq!(sorted(returned), expected);
    assert_eq!(snapshot.returned(&[]).await.unwrap(), []);
}

pub async fn a_reservation_is_booked_if_it_has_a_booking(on: Relational) {
    let user = on.user("ada").await.id;
    let group = [new_booking(user, event_id()), new_booking(user, event_id())];
    let booked = on.book(&group).await;
    on.cancel_one(&booked[1]).await;
    let void = HoldRef {
        event_id: event_id(),
        reservation_id: reservation_id(),
    };
    on.bookings.fence(&[void]).await.unwrap();
    let mut ids = vec![void.reservation_id, reservation_id()];
    ids.extend(group.iter().map(|new| new.reservation_id));
    ids.extend((0..996).map(|_| reservation_id()));
    let snapshot = on.survey.snapshot().await.unwrap();
    let found = snapshot.booked(&ids).await.unwrap();
    let expected: HashSet<_> = group.iter().map(|new| new.reservation_id).collect();
    assert_eq!(found, expected);
    assert_eq!(snapshot.booked(&[]).await.unwrap(), HashSet::new());
}

pub async fn a_snapshot_shows_one_moment(on: Relational) {
    let user = on.user("ada").await.id;
    let event = event_id();
    // Also when there is nothing to be read at its beginning.
    let empty = on.survey.snapshot().await.unwrap();
    let new = new_booking(user, event);
    let booking = on.book_one(new.clone()).await;
    let full = on.survey.snapshot().await.unwrap();
    on.cancel_one(&booking).await;
    on.book_one(new_booking(user, event)).await;
    let after = on.survey.snapshot().await.unwrap();
    let counts = async |snapshot: &dyn BookingSnapshot| {
        let confirmed = snapshot.confirmed(&[event]).await.unwrap();
        let returned = snapshot.returned(&[event]).await.unwrap();
        let tickets = |counts: Vec<TicketCount>| counts.iter().map(|count| count.tickets).sum();
        let booked = snapshot.booked(&[new.reservation_id]).await.unwrap().len();
        (tickets(confirmed), tickets(returned), booked)
    };
    let seen: [(i64, i64, usize); 3] = [
        counts(empty.as_ref()).await,
        counts(full.as_ref()).await,
        counts(after.as_ref()).await,
    ];
    assert_eq!(seen, [(0, 0, 0), (2, 0, 1), (2, 2, 1)]);
    for snapshot in [empty, full, after] {
        snapshot.make_durable().await.unwrap();
    }
    // What a snapshot needs of its connection is gone with it.
    on.book_one(new_booking(user, event)).await;
    let last = on.survey.snapshot().await.unwrap();
    assert_eq!(counts(last.as_ref()).await, (4, 2, 1));
}

pub async fn events_with_bookings_are_told_in_order_in_pages(on: Relational) {
    let user = on.user("ada").await.id;
    assert_eq!(on.survey.booked_events(None, 10).await.unwrap(), []);
    let mut events: Vec<EventId> = (0..7).map(|_| event_id()).collect();
    for event in events.iter().rev() {
        on.book(&[new_booking(user, *event), new_booking(user, *event)])
            .await;
    }
    let cancelled = on.book_one(new_booking(user, event_id())).await;
    on.cancel_one(&cancelled).await;
    events.push(cancelled.event_id);
    on.bookings
        .fence(&[HoldRef {
            event_id: event_id(),
            reservation_id: reservation_id(),
        }])
        .await
        .unwrap();
    let (mut met, mut after) = (Vec::new(), None);
    loop {
        let page = on.survey.booked_events(after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = Some(*last);
        met.extend(page);
    }
    events.sort_unstable();
    assert_eq!(met, events);
}
