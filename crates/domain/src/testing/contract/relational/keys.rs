//! Idempotency keys.

use futures_util::future::join_all;

use super::super::Relational;
use super::super::make::*;
use crate::booking::{
    Booking, BookingId, BookingStatus, CancelOutcome, Cancellation, CommitOutcome, NewBooking,
};
use crate::idempotency::{IdempotencyKey, KeyClaim, UserKey};
use crate::user::{ChangeUserError, Role, UserId};

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
        assert_eq!(found.booking, Some(booking));
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
        .map(|one| one.and_then(|one| one.booking))
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
    assert_eq!(found.unwrap().booking, Some(booking));
}

pub async fn keys_that_differ_in_case_are_two_keys(on: Relational) {
    let user = on.user("ada").await;
    let lower = on.book_one(keyed_booking(user.id, event_id(), "key")).await;
    let upper = on.book_one(keyed_booking(user.id, event_id(), "KEY")).await;
    for (text, booking) in [("key", lower), ("KEY", upper)] {
        let found = on.find_by_key(user.id, &key(text)).await.unwrap();
        assert_eq!(found.unwrap().booking, Some(booking));
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
    assert_eq!(found.unwrap().booking, Some(first));
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
    assert_eq!(found.unwrap().booking, Some(first));
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
    let found = found.unwrap();
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
    assert_eq!(found.unwrap().booking.as_ref(), Some(&second));
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

fn keyed_cancellation(booking: &Booking, text: &str) -> Cancellation {
    Cancellation {
        key: Some(claim(booking.user_id, text, "cancel")),
        ..cancellation(booking.id, as_user(booking.user_id))
    }
}

async fn is_known(on: &Relational, user: UserId, text: &str) -> bool {
    on.find_by_key(user, &key(text)).await.unwrap().is_some()
}

pub async fn a_booking_is_found_by_its_id(on: Relational) {
    let user = on.user("ada").await;
    let booking = on.book_one(new_booking(user.id, event_id())).await;
    let found = on.bookings.find_booking(booking.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&booking));
    let cancelled = on.cancel_one(&booking).await.booking;
    let found = on.bookings.find_booking(booking.id).await.unwrap();
    assert_eq!(found, Some(cancelled));
    let other = BookingId::new(booking.id.get() + 1_000);
    assert_eq!(on.bookings.find_booking(other).await.unwrap(), None);
}

pub async fn a_cancellation_is_remembered_with_its_key(on: Relational) {
    let user = on.user("ada").await;
    let booking = on.book_one(new_booking(user.id, event_id())).await;
    let wish = keyed_cancellation(&booking, "key");
    let outcomes = on.bookings.cancel(std::slice::from_ref(&wish)).await;
    expect_cancelled(&outcomes.unwrap()[0]);
    let found = on.find_by_key(user.id, &key("key")).await.unwrap().unwrap();
    assert_eq!(found.booking, None);
    assert_eq!(
        Some(found.fingerprint),
        wish.key.map(|claim| claim.used.fingerprint)
    );
}

pub async fn a_cancellation_that_is_refused_leaves_its_key_free(on: Relational) {
    let (ada, bob) = (on.user("ada").await, on.user("bob").await);
    let booking = on.book_one(new_booking(ada.id, event_id())).await;
    let foreign = Cancellation {
        by: as_user(bob.id),
        key: Some(claim(bob.id, "key", "cancel")),
        ..cancellation(booking.id, as_user(bob.id))
    };
    let outcomes = on.bookings.cancel(&[foreign]).await.unwrap();
    assert_eq!(outcomes, [CancelOutcome::NotFound]);
    on.cancel_one(&booking).await;
    let outcomes = on
        .bookings
        .cancel(&[keyed_cancellation(&booking, "key")])
        .await;
    assert_eq!(outcomes.unwrap(), [CancelOutcome::AlreadyCancelled]);
    assert!(!is_known(&on, ada.id, "key").await && !is_known(&on, bob.id, "key").await);
}

pub async fn one_key_cancels_one_booking(on: Relational) {
    let (user, event) = (on.user("ada").await.id, event_id());
    let group: Vec<_> = (0..4).map(|_| new_booking(user, event)).collect();
    let bookings = on.book(&group).await;
    let wishes = [
        keyed_cancellation(&bookings[0], "key"),
        keyed_cancellation(&bookings[1], "key"),
        keyed_cancellation(&bookings[2], "other"),
    ];
    let outcomes = on.bookings.cancel(&wishes).await.unwrap();
    // One of the two under the same key, whichever it is.
    let refused = |outcome: &CancelOutcome| *outcome == CancelOutcome::KeyTaken;
    let left = outcomes.iter().position(refused).unwrap();
    let done = [1 - left, 2].map(|index| expect_cancelled(&outcomes[index]));
    let counters = done.map(|cancelled| cancelled.stock_return.returned);
    assert_eq!(counters.iter().max(), Some(&4), "two tickets each");
    let late = [
        keyed_cancellation(&bookings[3], "key"),
        cancellation(bookings[left].id, as_user(user)),
    ];
    let outcomes = on.bookings.cancel(&late).await.unwrap();
    assert_eq!(outcomes[0], CancelOutcome::KeyTaken);
    expect_cancelled(&outcomes[1]);
    let left = on.bookings.find_booking(bookings[3].id).await.unwrap();
    assert_eq!(left.as_ref(), Some(&bookings[3]));
}

pub async fn of_many_cancellations_under_one_key_at_once_exactly_one_is_made(on: Relational) {
    let (user, event) = (on.user("ada").await.id, event_id());
    let group: Vec<_> = (0..8).map(|_| new_booking(user, event)).collect();
    let bookings = on.book(&group).await;
    let calls = bookings.iter().map(|booking| {
        let wish = [keyed_cancellation(booking, "key")];
        let on = &on;
        async move { on.bookings.cancel(&wish).await.unwrap().remove(0) }
    });
    let outcomes = join_all(calls).await;
    let made = |outcome: &&CancelOutcome| matches!(outcome, CancelOutcome::Cancelled(_));
    assert_eq!(outcomes.iter().filter(made).count(), 1);
    let refused = |outcome: &&CancelOutcome| **outcome == CancelOutcome::KeyTaken;
    assert_eq!(outcomes.iter().filter(refused).count(), 7);
}

pub async fn a_new_role_is_remembered_with_its_key(on: Relational) {
    let (ada, bob) = (on.user("ada").await.id, on.user("bob").await.id);
    let first = claim(ada, "key", "staff");
    let nobody = on.users.set_role(NOBODY, Role::Staff, Some(&first)).await;
    assert!(matches!(nobody, Err(ChangeUserError::NotFound)));
    assert!(!is_known(&on, ada, "key").await);
    on.users
        .set_role(bob, Role::Staff, Some(&first))
        .await
        .unwrap();
    let found = on.find_by_key(ada, &key("key")).await.unwrap().unwrap();
    assert_eq!(
        (found.fingerprint, found.booking),
        (first.used.fingerprint, None)
    );
    let second = claim(ada, "key", "admin");
    let refused = on.users.set_role(bob, Role::Admin, Some(&second)).await;
    assert!(matches!(refused, Err(ChangeUserError::KeyTaken)));
    let user = on.users.find(bob).await.unwrap().unwrap();
    assert_eq!(user.role, Role::Staff);
}

pub async fn a_deletion_of_a_user_is_remembered_with_its_key(on: Relational) {
    let (ada, bob, carol) = (
        on.user("ada").await.id,
        on.user("bob").await.id,
        on.user("carol").await.id,
    );
    let wish = claim(ada, "key", "");
    on.users.delete(bob, at(AT), Some(&wish)).await.unwrap();
    assert!(is_known(&on, ada, "key").await);
    let refused = on.users.delete(carol, at(AT), Some(&wish)).await;
    assert!(matches!(refused, Err(ChangeUserError::KeyTaken)));
    assert!(on.users.find(carol).await.unwrap().is_some());
    // Nobody can ask for the keys of an account that is gone; they go in their time.
    let own = claim(ada, "own", "");
    on.users.delete(ada, at(AT), Some(&own)).await.unwrap();
    on.bookings.forget_keys(at(FAR), 10).await.unwrap();
    assert!(!is_known(&on, ada, "key").await && !is_known(&on, ada, "own").await);
}

pub async fn keys_of_all_kinds_are_forgotten_by_their_time(on: Relational) {
    let (ada, bob) = (on.user("ada").await.id, on.user("bob").await.id);
    for (text, time) in [("old", AT), ("new", AT + 10)] {
        let wish = KeyClaim {
            at: at(time),
            ..claim(ada, text, "")
        };
        on.users
            .set_role(bob, Role::Staff, Some(&wish))
            .await
            .unwrap();
    }
    assert_eq!(on.bookings.forget_keys(at(AT + 5), 10).await.unwrap(), 1);
    assert!(!is_known(&on, ada, "old").await && is_known(&on, ada, "new").await);
    assert_eq!(on.bookings.forget_keys(at(AT + 5), 10).await.unwrap(), 0);
    let again = claim(ada, "old", "again");
    on.users
        .set_role(bob, Role::User, Some(&again))
        .await
        .unwrap();
}
