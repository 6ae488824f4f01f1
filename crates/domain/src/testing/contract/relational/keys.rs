//! Idempotency keys.

use super::super::Relational;
use super::super::make::*;
use crate::booking::{BookingStatus, CommitOutcome, IdempotencyKey, NewBooking, UserKey};
use crate::user::UserId;

fn key(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

fn user_key(user_id: UserId, text: &str) -> UserKey {
    UserKey {
        user_id,
        key: key(text),
    }
}

pub async fn a_booking_is_found_by_its_key_with_what_was_asked(on: Relational) {
    let user = on.user("ada").await;
    let longest = "~".repeat(255);
    for text in ["k", "a'b\"c\\d%_`;--", &longest] {
        let new = keyed_booking(user.id, event_id(), text);
        let booking = on.book_one(new.clone()).await;
        let found = on.find_by_key(user.id, &key(text)).await;
        let found = found.unwrap().unwrap();
        assert_eq!(found.booking, booking);
        assert_eq!(
            Some(found.fingerprint),
            new.key.map(|used| used.fingerprint)
        );
    }
}

pub async fn many_keys_are_answered_in_order(on: Relational) {
    let (ada, bob) = (on.user("ada").await, on.user("bob").await);
    let bookings = [
        on.book_one(keyed_booking(ada.id, event_id(), "one")).await,
        on.book_one(keyed_booking(bob.id, event_id(), "two")).await,
    ];
    let mut keys = vec![user_key(ada.id, "two"), user_key(ada.id, "one")];
    keys.extend((0..200).map(|n| user_key(ada.id, &format!("new-{n}"))));
    keys.extend([user_key(bob.id, "two"), user_key(ada.id, "one")]);
    let found = on.bookings.find_by_keys(&keys).await.unwrap();
    let found: Vec<_> = found
        .into_iter()
        .map(|one| one.map(|one| one.booking))
        .collect();
    let [one, two] = bookings.map(Some);
    assert_eq!(found[..2], [None, one.clone()]);
    assert_eq!(found[2..202], vec![None; 200]);
    assert_eq!(found[202..], [two, one]);
    assert_eq!(on.bookings.find_by_keys(&[]).await.unwrap(), []);
}

pub async fn an_unused_key_is_not_found(on: Relational) {
    let user = on.user("ada").await;
    on.book_one(keyed_booking(user.id, event_id(), "used"))
        .await;
    on.book_one(new_booking(user.id, event_id())).await;
    assert_eq!(on.find_by_key(user.id, &key("new")).await.unwrap(), None);
}

pub async fn a_key_belongs_to_its_user(on: Relational) {
    let (ada, bob) = (on.user("ada").await, on.user("bob").await);
    on.book_one(keyed_booking(ada.id, event_id(), "key")).await;
    assert_eq!(on.find_by_key(bob.id, &key("key")).await.unwrap(), None);
    let booking = on.book_one(keyed_booking(bob.id, event_id(), "key")).await;
    let found = on.find_by_key(bob.id, &key("key")).await.unwrap();
    assert_eq!(found.unwrap().booking, booking);
}

pub async fn keys_that_differ_in_case_are_two_keys(on: Relational) {
    let user = on.user("ada").await;
    let lower = on.book_one(keyed_booking(user.id, event_id(), "key")).await;
    let upper = on.book_one(keyed_booking(user.id, event_id(), "KEY")).await;
    for (text, booking) in [("key", lower), ("KEY", upper)] {
        let found = on.find_by_key(user.id, &key(text)).await.unwrap();
        assert_eq!(found.unwrap().booking, booking);
    }
    assert_eq!(on.find_by_key(user.id, &key("Key")).await.unwrap(), None);
}

pub async fn a_used_key_takes_no_second_booking(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    let first = on.book_one(keyed_booking(user.id, event, "key")).await;
    let outcomes = on
        .bookings
        .commit(&[keyed_booking(user.id, event, "key")])
        .await;
    assert_eq!(outcomes.unwrap(), [CommitOutcome::KeyTaken]);
    let found = on.find_by_key(user.id, &key("key")).await.unwrap();
    assert_eq!(found.unwrap().booking, first);
    assert_eq!(on.waiting_records().await.len(), 1);
}

pub async fn a_key_twice_in_one_group_is_used_once(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    let group = [
        keyed_booking(user.id, event, "key"),
        keyed_booking(user.id, event, "key"),
        keyed_booking(user.id, event, "other"),
    ];
    let outcomes = on.bookings.commit(&group).await.unwrap();
    let first = expect_booked(&outcomes[0]);
    assert_eq!(outcomes[1], CommitOutcome::KeyTaken);
    expect_booked(&outcomes[2]);
    let found = on.find_by_key(user.id, &key("key")).await.unwrap();
    assert_eq!(found.unwrap().booking, first);
}

pub async fn a_key_in_many_groups_at_once_is_used_once(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    for round in 0..10 {
        let text = format!("key-{round}");
        let groups: Vec<Vec<NewBooking>> = (0..6)
            .map(|_| vec![keyed_booking(user.id, event, &text)])
            .collect();
        let outcomes = on.commit_at_once(&groups).await;
        let taken = outcomes.iter().filter(|o| **o == CommitOutcome::KeyTaken);
        assert_eq!(taken.count(), 5, "{outcomes:?}");
    }
}

pub async fn a_key_still_finds_a_cancelled_booking(on: Relational) {
    let user = on.user("ada").await;
    let booking = on.book_one(keyed_booking(user.id, event_id(), "key")).await;
    let cancelled = on.cancel_one(&booking).await.booking;
    let found = on.find_by_key(user.id, &key("key")).await.unwrap();
    let found = found.unwrap().booking;
    assert_eq!(found, cancelled);
    assert_ne!(found.status, BookingStatus::Confirmed);
}

pub async fn a_forgotten_key_is_free_and_its_booking_stays(on: Relational) {
    let (user, event) = (on.user("ada").await, event_id());
    let first = on.book_one(keyed_booking(user.id, event, "key")).await;
    assert_eq!(on.bookings.forget_keys(at(AT + 1), 100).await.unwrap(), 1);
    assert_eq!(on.find_by_key(user.id, &key("key")).await.unwrap(), None);
    let second = on.book_one(keyed_booking(user.id, event, "key")).await;
    let found = on.find_by_key(user.id, &key("key")).await.unwrap();
    assert_eq!(found.unwrap().booking, second);
    let listed = on
        .bookings
        .list_for_user(user.id, page(1, 10))
        .await
        .unwrap();
    assert_eq!(listed.rows, [second, first]);
}

pub async fn only_keys_used_before_the_given_time_are_forgotten(on: Relational) {
    let user = on.user("ada").await;
    for (text, millis) in [("old", AT - 1), ("new", AT)] {
        let new = NewBooking {
            created_at: at(millis),
            ..keyed_booking(user.id, event_id(), text)
        };
        on.book_one(new).await;
    }
    on.book_one(new_booking(user.id, event_id())).await;
    assert_eq!(on.bookings.forget_keys(at(AT), 100).await.unwrap(), 1);
    assert_eq!(on.find_by_key(user.id, &key("old")).await.unwrap(), None);
    let found = on.find_by_key(user.id, &key("new")).await.unwrap();
    assert!(found.is_some());
    assert_eq!(on.bookings.forget_keys(at(AT), 100).await.unwrap(), 0);
}

pub async fn no_more_keys_are_forgotten_than_asked_for(on: Relational) {
    let user = on.user("ada").await;
    let group: Vec<NewBooking> = (0..5)
        .map(|n| keyed_booking(user.id, event_id(), &format!("key-{n}")))
        .collect();
    on.book(&group).await;
    for expected in [2, 2, 1, 0] {
        assert_eq!(
            on.bookings.forget_keys(at(AT + 1), 2).await.unwrap(),
            expected
        );
    }
}
