//! Users who are listed, changed and deleted.

use futures_util::future::join_all;

use super::super::Relational;
use super::super::make::*;
use crate::booking::CommitOutcome;
use crate::idempotency::IdempotencyKey;
use crate::search::SearchWords;
use crate::session::RotateOutcome;
use crate::user::{ChangeUserError, Email, NewUser, PersonName, Role, User, UserFilter, UserId};

async fn named(on: &Relational, name: &str, email: &str) -> User {
    let new = NewUser {
        name: PersonName::parse(name).unwrap(),
        ..new_user(email)
    };
    on.users.insert(&new).await.unwrap()
}

async fn admins(on: &Relational, count: usize) -> Vec<UserId> {
    let mut ids = Vec::new();
    for n in 0..count {
        let new = new_admin(&format!("admin{n}@example.org"));
        ids.push(on.users.insert(&new).await.unwrap().id);
    }
    ids
}

/// The ids of the users whom a search finds.
async fn found(on: &Relational, words: &str) -> Vec<UserId> {
    let filter = UserFilter {
        search: Some(SearchWords::parse(words).unwrap()),
        role: None,
    };
    let listed = on.users.list(&filter, page(1, 100)).await.unwrap();
    assert_eq!(listed.total, listed.rows.len() as u64);
    listed.rows.iter().map(|user| user.id).collect()
}

pub async fn users_are_listed_by_id_in_pages(on: Relational) {
    let mut users = Vec::new();
    for n in 0..5 {
        users.push(on.user(&format!("user{n}")).await);
    }
    let mut seen = Vec::new();
    for (number, size) in [(1, 2), (2, 2), (3, 1), (4, 0)] {
        let listed = on.users.list(&UserFilter::default(), page(number, 2)).await;
        let listed = listed.unwrap();
        assert_eq!((listed.rows.len(), listed.total), (size, 5));
        seen.extend(listed.rows);
    }
    assert_eq!(seen, users);
}

pub async fn users_are_found_by_words_in_name_or_address(on: Relational) {
    let ada = named(&on, "Ada Lovelace", "countess@Example.org").await.id;
    let bob = named(&on, "Bob 100% _!\\ O'Neil", "bob_b@example.org")
        .await
        .id;
    let eve = named(&on, "Eve", "JÖRG@lovelace.example").await.id;
    for (words, expected) in [
        ("ADA", vec![ada]),
        ("love lace", vec![ada, eve]),
        ("ace ada", vec![ada]),
        ("lovelace countess", vec![ada]),
        ("countess eve", vec![]),
        ("example", vec![ada, bob, eve]),
        ("EXAMPLE.ORG", vec![ada, bob]),
        ("jörg", vec![eve]),
        ("JÖRG", vec![eve]),
        ("%", vec![bob]),
        ("_", vec![bob]),
        ("!", vec![bob]),
        ("\\", vec![bob]),
        ("o'neil", vec![bob]),
        ("a%a", vec![]),
        ("nobody", vec![]),
    ] {
        assert_eq!(found(&on, words).await, expected, "{words}");
    }
}

pub async fn users_are_found_by_role(on: Relational) {
    let (ada, bob) = (on.user("ada").await.id, on.user("bob").await.id);
    let admin = admins(&on, 1).await[0];
    on.users.set_role(bob, Role::Staff, None).await.unwrap();
    for (role, expected) in [(Role::User, ada), (Role::Staff, bob), (Role::Admin, admin)] {
        let filter = UserFilter {
            search: Some(SearchWords::parse("example").unwrap()),
            role: Some(role),
        };
        let listed = on.users.list(&filter, page(1, 10)).await.unwrap();
        let ids: Vec<UserId> = listed.rows.iter().map(|user| user.id).collect();
        assert_eq!((ids, listed.total), (vec![expected], 1));
    }
}

pub async fn a_role_is_changed_and_the_old_one_told(on: Relational) {
    let ada = on.user("ada").await;
    let mut before = Role::User;
    admins(&on, 1).await;
    for role in [Role::Staff, Role::Admin, Role::Admin, Role::User] {
        let changed = on.users.set_role(ada.id, role, None).await.unwrap();
        let expected = User {
            role,
            ..ada.clone()
        };
        assert_eq!((&changed.user, changed.before), (&expected, before));
        assert_eq!(on.users.find(ada.id).await.unwrap(), Some(expected));
        before = role;
    }
}

pub async fn a_role_counts_for_sessions_that_are_open(on: Relational) {
    let ada = on.user("ada").await.id;
    let session = on.session(ada).await;
    on.users.set_role(ada, Role::Staff, None).await.unwrap();
    let living = on.sessions.living(&[session.id], at(AT)).await.unwrap();
    assert_eq!(living[0].1.role, Role::Staff);
    let used = on.sessions.rotate(&rotation(&session.refresh)).await;
    let RotateOutcome::Rotated { user, .. } = used.unwrap() else {
        panic!("the session goes on")
    };
    assert_eq!(user.role, Role::Staff);
}

pub async fn who_is_not_there_is_neither_changed_nor_deleted(on: Relational) {
    on.user("ada").await;
    let changed = on.users.set_role(NOBODY, Role::Admin, None).await;
    assert!(matches!(changed, Err(ChangeUserError::NotFound)));
    let deleted = on.users.delete(NOBODY, at(AT), None).await;
    assert!(matches!(deleted, Err(ChangeUserError::NotFound)));
}

pub async fn the_last_admin_stays(on: Relational) {
    let ids = admins(&on, 2).await;
    on.users.set_role(ids[0], Role::Staff, None).await.unwrap();
    for role in [Role::User, Role::Staff] {
        let demoted = on.users.set_role(ids[1], role, None).await;
        assert!(matches!(demoted, Err(ChangeUserError::LastAdmin)));
    }
    let deleted = on.users.delete(ids[1], at(AT), None).await;
    assert!(matches!(deleted, Err(ChangeUserError::LastAdmin)));
    // To be made again what one is changes nothing.
    on.users.set_role(ids[1], Role::Admin, None).await.unwrap();
    let last = on.users.find(ids[1]).await.unwrap().unwrap();
    assert_eq!(last.role, Role::Admin);
    on.users.set_role(ids[0], Role::Admin, None).await.unwrap();
    on.users.delete(ids[1], at(AT), None).await.unwrap();
    let deleted = on.users.delete(ids[0], at(AT), None).await;
    assert!(matches!(deleted, Err(ChangeUserError::LastAdmin)));
}

pub async fn of_admins_who_remove_each_other_at_once_one_stays(on: Relational) {
    for round in 0..4 {
        let mut ids = Vec::new();
        for n in 0..6 {
            let new = new_admin(&format!("admin{round}-{n}@example.org"));
            ids.push(on.users.insert(&new).await.unwrap().id);
        }
        // The one who stayed in the round before goes too, so that there are these alone.
        let filter = UserFilter {
            role: Some(Role::Admin),
            ..UserFilter::default()
        };
        for admin in on.users.list(&filter, page(1, 100)).await.unwrap().rows {
            if !ids.contains(&admin.id) {
                on.users.set_role(admin.id, Role::User, None).await.unwrap();
            }
        }
        let on = &on;
        let calls = ids.iter().enumerate().map(|(n, id)| async move {
            match n % 2 {
                0 => on.users.set_role(*id, Role::User, None).await.map(drop),
                _ => on.users.delete(*id, at(AT), None).await,
            }
        });
        let answers = join_all(calls).await;
        let refused = answers.iter().filter(|answer| answer.is_err());
        assert!(
            refused
                .clone()
                .all(|answer| matches!(answer, Err(ChangeUserError::LastAdmin))),
            "{answers:?}"
        );
        assert_eq!(refused.count(), 1, "{answers:?}");
        let left = on.users.list(&filter, page(1, 100)).await.unwrap();
        assert_eq!(left.total, 1);
    }
}

pub async fn a_deleted_user_is_gone_and_the_address_is_free(on: Relational) {
    let ada = on.user("ada").await;
    let bob = on.user("bob").await.id;
    let (hers, his) = (on.session(ada.id).await, on.session(bob).await);
    on.users.delete(ada.id, at(AT), None).await.unwrap();
    assert_eq!(on.users.find(ada.id).await.unwrap(), None);
    assert!(on.users.account(ada.id).await.unwrap().is_none());
    let found_again = on.users.find_by_email(&ada.email).await.unwrap();
    assert!(found_again.is_none());
    assert_eq!(found(&on, "example").await, [bob]);
    assert_eq!(on.alive(&[hers.id, his.id]).await, [his.id]);
    let used = on.sessions.rotate(&rotation(&hers.refresh)).await;
    assert_eq!(used.unwrap(), RotateOutcome::Refused);
    let again = on.users.delete(ada.id, at(AT), None).await;
    assert!(matches!(again, Err(ChangeUserError::NotFound)));

    let next = on.user("ada").await;
    assert_ne!(next.id, ada.id);
    on.users.delete(next.id, at(AT), None).await.unwrap();
    // Nobody's address can be in the way of what takes the place of one.
    let id = on.user("carol").await.id;
    let odd = Email::parse(&format!("deleted-{}@deleted.invalid", id.get())).unwrap();
    on.users.insert(&new_user(odd.as_str())).await.unwrap();
    on.users.delete(id, at(AT), None).await.unwrap();
}

pub async fn the_bookings_of_a_deleted_user_stay_and_their_keys_go_in_time(on: Relational) {
    let ada = on.user("ada").await.id;
    let booking = on.book_one(keyed_booking(ada, event_id(), "key")).await;
    on.users.delete(ada, at(AT), None).await.unwrap();
    let listed = on.bookings.list_for_user(ada, page(1, 10)).await.unwrap();
    assert_eq!(listed.rows, std::slice::from_ref(&booking));
    let late = new_booking(ada, booking.event_id);
    let outcomes = on.bookings.commit(&[late]).await.unwrap();
    assert_eq!(outcomes, [CommitOutcome::UserGone]);
    // An admin gives the tickets back.
    let wish = cancellation(booking.id, as_admin(UserId::new(1)));
    let outcomes = on.bookings.cancel(&[wish]).await.unwrap();
    expect_cancelled(&outcomes[0]);
    assert_eq!(on.bookings.forget_keys(at(FAR), 10).await.unwrap(), 1);
    let key = IdempotencyKey::parse("key").unwrap();
    assert_eq!(on.find_by_key(ada, &key).await.unwrap(), None);
}

pub async fn a_booking_at_the_moment_of_the_deletion_comes_before_or_not_at_all(on: Relational) {
    for round in 0..8 {
        let user = on.user(&format!("user{round}")).await.id;
        let new = keyed_booking(user, event_id(), "key");
        let group = [new];
        let (outcomes, deleted) = futures_util::join!(
            on.bookings.commit(&group),
            on.users.delete(user, at(AT), None)
        );
        deleted.unwrap();
        let listed = on.bookings.list_for_user(user, page(1, 10)).await.unwrap();
        match &outcomes.unwrap()[..] {
            [CommitOutcome::Booked(booking)] => {
                assert_eq!(listed.rows, std::slice::from_ref(booking));
            }
            outcomes => {
                assert_eq!(outcomes, [CommitOutcome::UserGone]);
                assert_eq!(listed.rows, []);
            }
        }
    }
}
