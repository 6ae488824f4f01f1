//! The outbox.

use super::super::Relational;
use super::super::make::*;
use crate::booking::{NewBooking, OutboxId, PendingWork};

pub async fn an_empty_outbox_has_no_work(on: Relational) {
    assert_eq!(on.all_pending().await, PendingWork::default());
    on.outbox.forget(&[]).await.unwrap();
}

pub async fn a_booking_leaves_its_record_with_itself_as_target(on: Relational) {
    let user = on.user("ada").await;
    let group = [
        new_booking(user.id, event_id()),
        new_booking(user.id, event_id()),
    ];
    let bookings = on.book(&group).await;
    let records = on.waiting_records().await;
    let expected = group
        .into_iter()
        .zip(bookings)
        .map(|(new, booking)| new.audit.on_booking(booking.id));
    assert_eq!(records, expected.collect::<Vec<_>>());
    assert_eq!(on.all_pending().await.returns, []);
}

pub async fn a_cancellation_leaves_its_record(on: Relational) {
    let user = on.user("ada").await;
    let booking = on.book_one(new_booking(user.id, event_id())).await;
    on.empty_outbox().await;
    let wish = cancellation(booking.id, as_user(user.id));
    let outcomes = on
        .bookings
        .cancel(std::slice::from_ref(&wish))
        .await
        .unwrap();
    expect_cancelled(&outcomes[0]);
    let work = on.all_pending().await;
    assert_eq!(work.rows.len(), 1);
    assert_eq!(work.rows[0].records, Some(vec![wish.audit]));
    assert_eq!(work.returns, [came_back(booking.event_id, 2)]);
}

pub async fn rows_come_oldest_first_and_no_more_than_asked_for(on: Relational) {
    let user = on.user("ada").await;
    let mut records = Vec::new();
    for _ in 0..5 {
        let new = new_booking(user.id, event_id());
        let booking = on.book_one(new.clone()).await;
        records.push(new.audit.on_booking(booking.id));
    }
    let all = on.all_pending().await.rows;
    assert!(all.is_sorted_by(|one, next| one.id < next.id));
    assert_eq!(on.waiting_records().await, records);
    let some = on.outbox.pending(OutboxId::START, 3).await.unwrap().rows;
    assert_eq!(some, all[..3]);
    let more = on.outbox.pending(all[2].id, 3).await.unwrap().rows;
    assert_eq!(more, all[3..]);
}

pub async fn counters_come_for_the_events_among_the_rows_alone(on: Relational) {
    let user = on.user("ada").await;
    let (quiet, busy) = (event_id(), event_id());
    let group = [new_booking(user.id, quiet), new_booking(user.id, busy)];
    let bookings = on.book(&group).await;
    on.cancel_one(&bookings[1]).await;
    // The oldest row is of the event to which nothing ever came back.
    assert_eq!(
        on.outbox.pending(OutboxId::START, 1).await.unwrap().returns,
        []
    );
    assert_eq!(on.all_pending().await.returns, [came_back(busy, 2)]);
}

pub async fn a_counter_comes_with_rows_that_did_not_move_it(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    let booking = on.book_one(new_booking(user.id, event)).await;
    on.cancel_one(&booking).await;
    on.empty_outbox().await;
    on.book_one(new_booking(user.id, event)).await;
    assert_eq!(on.all_pending().await.returns, [came_back(event, 2)]);
}

pub async fn counters_come_per_type_of_ticket(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    for ticket_type in [vip(), crate::stock::TicketType::general()] {
        let new = NewBooking {
            ticket_type,
            ..new_booking(user.id, event)
        };
        let booking = on.book_one(new).await;
        on.cancel_one(&booking).await;
    }
    let mut returns = on.all_pending().await.returns;
    returns.sort_by(|one, other| one.ticket_type.cmp(&other.ticket_type));
    assert_eq!(returns.len(), 2);
    assert_eq!(returns[0], came_back(event, 2));
    assert_eq!((&returns[1].ticket_type, returns[1].returned), (&vip(), 2));
}

pub async fn forgotten_rows_are_gone_and_the_others_stay(on: Relational) {
    let user = on.user("ada").await;
    for _ in 0..4 {
        on.book_one(new_booking(user.id, event_id())).await;
    }
    let rows = on.all_pending().await.rows;
    let unknown = OutboxId(rows[3].id.0 + 1_000);
    let gone = [rows[0].id, rows[2].id, unknown];
    on.outbox.forget(&gone).await.unwrap();
    on.outbox.forget(&gone).await.unwrap();
    let rest = on.all_pending().await.rows;
    assert_eq!(rest, [rows[1].clone(), rows[3].clone()]);
}

pub async fn a_large_group_for_one_event_loses_no_record(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    let mut expected = Vec::new();
    for _ in 0..2 {
        let group: Vec<NewBooking> = (0..255).map(|_| new_booking(user.id, event)).collect();
        let bookings = on.book(&group).await;
        let records = group.into_iter().map(|new| new.audit);
        expected.extend(
            records
                .zip(bookings)
                .map(|(record, booking)| record.on_booking(booking.id)),
        );
    }
    assert_eq!(on.waiting_records().await, expected);
}

pub async fn five_hundred_rows_are_read_and_forgotten_at_once(on: Relational) {
    let user = on.user("ada").await;
    // How many rows a group leaves is the store's own affair; of a lone booking it is one.
    for _ in 0..510 {
        on.book_one(new_booking(user.id, event_id())).await;
    }
    let rows = on.outbox.pending(OutboxId::START, 500).await.unwrap().rows;
    assert_eq!(rows.len(), 500);
    let ids: Vec<OutboxId> = rows.iter().map(|row| row.id).collect();
    on.outbox.forget(&ids).await.unwrap();
    assert_eq!(on.all_pending().await.rows.len(), 10);
}
