//! Sessions: their opening, their life and their end.

use futures_util::future::join_all;

use super::super::Relational;
use super::super::make::*;
use crate::session::{LiveSession, NewSession, Opening, RotateOutcome, SessionId};
use crate::user::{PasswordHash, Role};

pub async fn an_opened_session_lives_with_its_users_role(on: Relational) {
    let ada = on.user("ada").await;
    let admin = new_admin("bob@example.org");
    let bob = on.users.insert(&admin).await.unwrap();
    for (user, role) in [(ada.id, Role::User), (bob.id, Role::Admin)] {
        let session = on.session(user).await;
        let living = on.sessions.living(&[session.id], at(AT)).await.unwrap();
        let alive = LiveSession {
            user_id: user,
            role,
        };
        assert_eq!(living, [(session.id, alive)]);
    }
}

pub async fn a_session_lives_until_it_expires(on: Relational) {
    let session = on.session(on.user("ada").await.id).await;
    for (millis, alive) in [(-1, 1), (0, 0), (1, 0)] {
        let now = at(session.expires_at.millis() + millis);
        let living = on.sessions.living(&[session.id], now).await.unwrap();
        assert_eq!(living.len(), alive, "{millis}");
    }
}

pub async fn no_session_is_opened_with_a_password_that_is_not_the_present_one(on: Relational) {
    let ada = on.user("ada").await;
    let outdated = NewSession {
        checked: PasswordHash::new("$2b$04$HASH".to_owned()),
        ..new_session(ada.id)
    };
    for session in [outdated, new_session(NOBODY)] {
        let opened = on.sessions.open(&session).await.unwrap();
        assert_eq!(opened, Opening::CredentialsChanged);
        assert_eq!(on.alive(&[session.id]).await, []);
        let used = on.sessions.rotate(&rotation(&session.refresh)).await;
        assert_eq!(used.unwrap(), RotateOutcome::Refused);
    }
}

pub async fn living_sessions_are_told_among_none_and_a_thousand(on: Relational) {
    let session = on.session(on.user("ada").await.id).await;
    assert_eq!(on.alive(&[]).await, []);
    let mut ids: Vec<SessionId> = (1..1_000).map(|_| session_id()).collect();
    ids.push(session.id);
    assert_eq!(on.alive(&ids).await, [session.id]);
}

pub async fn an_ended_session_stays_ended(on: Relational) {
    let ada = on.user("ada").await.id;
    let (one, other) = (on.session(ada).await, on.session(ada).await);
    for _ in 0..2 {
        on.sessions.end(one.id, at(AT + 1)).await.unwrap();
        assert_eq!(on.alive(&[one.id, other.id]).await, [other.id]);
    }
    on.sessions.end(session_id(), at(AT + 1)).await.unwrap();
    let used = on.sessions.rotate(&rotation(&one.refresh)).await;
    assert_eq!(used.unwrap(), RotateOutcome::Refused);
    assert_eq!(on.alive(&[one.id, other.id]).await, [other.id]);
}

pub async fn all_sessions_of_one_user_end_together(on: Relational) {
    let (ada, bob) = (on.user("ada").await.id, on.user("bob").await.id);
    let hers = [on.session(ada).await.id, on.session(ada).await.id];
    let his = on.session(bob).await.id;
    on.sessions.end_all(ada, at(AT + 1)).await.unwrap();
    assert_eq!(on.alive(&[hers[0], hers[1], his]).await, [his]);
    let again = on.session(ada).await.id;
    assert_eq!(on.alive(&[again]).await, [again]);
}

pub async fn a_new_password_ends_all_sessions_but_one(on: Relational) {
    let (ada, bob) = (on.user("ada").await.id, on.user("bob").await.id);
    let (kept, other) = (on.session(ada).await.id, on.session(ada).await.id);
    let his = on.session(bob).await.id;
    let change = password_change(ada, kept);
    assert!(on.sessions.change_password(&change).await.unwrap());
    assert_eq!(on.alive(&[kept, other, his]).await, [kept, his]);
    let account = on.users.account(ada).await.unwrap().unwrap();
    assert_eq!(account.password_hash, change.new);
    // Who checked the old password a moment ago comes too late.
    let opened = on.sessions.open(&new_session(ada)).await.unwrap();
    assert_eq!(opened, Opening::CredentialsChanged);
}

pub async fn a_password_that_was_changed_meanwhile_is_not_changed_again(on: Relational) {
    let ada = on.user("ada").await.id;
    let session = on.session(ada).await.id;
    let first = password_change(ada, session);
    assert!(on.sessions.change_password(&first).await.unwrap());
    let late = password_change(ada, session_id());
    assert!(!on.sessions.change_password(&late).await.unwrap());
    let nobodys = password_change(NOBODY, session);
    assert!(!on.sessions.change_password(&nobodys).await.unwrap());
    let account = on.users.account(ada).await.unwrap().unwrap();
    assert_eq!(account.password_hash, first.new);
    assert_eq!(on.alive(&[session]).await, [session]);
}

pub async fn of_many_password_changes_at_once_exactly_one_is_made(on: Relational) {
    let ada = on.user("ada").await.id;
    let sessions = [on.session(ada).await.id, on.session(ada).await.id];
    let changes: Vec<_> = (0..6)
        .map(|n| password_change(ada, sessions[n % 2]))
        .collect();
    let calls = changes.iter().map(|one| on.sessions.change_password(one));
    let made: Vec<bool> = join_all(calls)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    assert_eq!(made.iter().filter(|made| **made).count(), 1, "{made:?}");
    let winner = made.iter().position(|made| *made).unwrap();
    let account = on.users.account(ada).await.unwrap().unwrap();
    assert_eq!(account.password_hash, changes[winner].new);
    assert_eq!(on.alive(&sessions).await, [changes[winner].keep]);
}

pub async fn expired_sessions_are_forgotten_and_the_others_stay(on: Relational) {
    let ada = on.user("ada").await.id;
    let (old, renewed) = (on.session(ada).await, on.session(ada).await);
    let next = rotation(&renewed.refresh);
    on.sessions.rotate(&next).await.unwrap();
    let before = at(old.expires_at.millis() + 1);
    assert!(!on.sessions.forget_expired(before, 100).await.unwrap());
    // Alive at a time when it had not expired yet, so it is told whether the row is there.
    assert_eq!(on.alive(&[old.id, renewed.id]).await, [renewed.id]);
    // What was used up before is forgotten too, so that its second use is no theft any more.
    let used = on.sessions.rotate(&rotation(&renewed.refresh)).await;
    assert_eq!(used.unwrap(), RotateOutcome::Refused);
    let used = on.sessions.rotate(&rotation(&next.next)).await.unwrap();
    assert!(matches!(used, RotateOutcome::Rotated { .. }), "{used:?}");
}

pub async fn no_more_sessions_are_forgotten_at_once_than_asked_for(on: Relational) {
    let ada = on.user("ada").await.id;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(on.session(ada).await.id);
    }
    let before = at(AT + 3_600_001);
    for (left, more) in [(1, true), (0, false)] {
        let answer = on.sessions.forget_expired(before, 2).await.unwrap();
        assert_eq!((on.alive(&ids).await.len(), answer), (left, more));
    }
}
