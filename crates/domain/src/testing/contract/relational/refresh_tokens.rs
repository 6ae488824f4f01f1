//! Refresh tokens: good for one use.

use futures_util::future::join_all;

use super::super::Relational;
use super::super::make::*;
use crate::session::{NewSession, RotateOutcome, Rotation};

/// Uses a token that is good; the use.
async fn rotate(on: &Relational, session: &NewSession, rotation: Rotation) -> Rotation {
    let user = on.users.find(session.user_id).await.unwrap().unwrap();
    let outcome = on.sessions.rotate(&rotation).await.unwrap();
    let session_id = session.id;
    assert_eq!(outcome, RotateOutcome::Rotated { session_id, user });
    rotation
}

pub async fn a_refresh_token_is_replaced_by_the_next(on: Relational) {
    let session = on.session(on.user("ada").await.id).await;
    let mut token = session.refresh.clone();
    for _ in 0..4 {
        token = rotate(&on, &session, rotation(&token)).await.next;
    }
    assert_eq!(on.alive(&[session.id]).await, [session.id]);
}

/// That the use of `used` is theft, and that nothing of the session is good after it.
async fn assert_theft(on: &Relational, session: &NewSession, used: &Rotation) {
    let again = rotation(&used.used);
    let outcome = on.sessions.rotate(&again).await.unwrap();
    let (session_id, user_id) = (session.id, session.user_id);
    assert_eq!(
        outcome,
        RotateOutcome::Reused {
            session_id,
            user_id
        }
    );
    assert_eq!(on.alive(&[session_id]).await, []);
    for token in [&used.used, &used.next, &again.next] {
        let outcome = on.sessions.rotate(&rotation(token)).await.unwrap();
        assert_eq!(outcome, RotateOutcome::Refused);
    }
}

pub async fn a_second_use_ends_the_session(on: Relational) {
    let session = on.session(on.user("ada").await.id).await;
    let used = rotate(&on, &session, rotation(&session.refresh)).await;
    assert_theft(&on, &session, &used).await;
}

pub async fn a_second_use_of_an_older_token_ends_the_session(on: Relational) {
    let session = on.session(on.user("ada").await.id).await;
    let first = rotate(&on, &session, rotation(&session.refresh)).await;
    let second = rotate(&on, &session, rotation(&first.next)).await;
    assert_theft(&on, &session, &first).await;
    let outcome = on.sessions.rotate(&rotation(&second.next)).await.unwrap();
    assert_eq!(outcome, RotateOutcome::Refused);
}

pub async fn what_is_no_good_refresh_token_is_refused(on: Relational) {
    let session = on.session(on.user("ada").await.id).await;
    let unknown = rotation(&refresh_hash());
    let expired = Rotation {
        at: session.expires_at,
        ..rotation(&session.refresh)
    };
    for bad in [unknown, expired] {
        let outcome = on.sessions.rotate(&bad).await.unwrap();
        assert_eq!(outcome, RotateOutcome::Refused);
        let next = on.sessions.rotate(&rotation(&bad.next)).await.unwrap();
        assert_eq!(next, RotateOutcome::Refused);
    }
    // A refusal uses nothing up.
    rotate(&on, &session, rotation(&session.refresh)).await;
}

pub async fn of_many_uses_at_once_exactly_one_succeeds(on: Relational) {
    let ada = on.user("ada").await.id;
    for _ in 0..5 {
        let session = on.session(ada).await;
        let uses: Vec<Rotation> = (0..6).map(|_| rotation(&session.refresh)).collect();
        let calls = uses.iter().map(|one| on.sessions.rotate(one));
        let outcomes: Vec<RotateOutcome> = join_all(calls)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let count = |is: fn(&RotateOutcome) -> bool| outcomes.iter().filter(|one| is(one)).count();
        let rotated = count(|one| matches!(one, RotateOutcome::Rotated { .. }));
        let reused = count(|one| matches!(one, RotateOutcome::Reused { .. }));
        assert_eq!((rotated, reused), (1, 1), "{outcomes:?}");
        assert_eq!(on.alive(&[session.id]).await, []);
        for one in &uses {
            let next = on.sessions.rotate(&rotation(&one.next)).await.unwrap();
            assert_eq!(next, RotateOutcome::Refused);
        }
    }
}

pub async fn each_rotation_moves_the_end_of_the_session(on: Relational) {
    let session = on.session(on.user("ada").await.id).await;
    let used = rotate(&on, &session, rotation(&session.refresh)).await;
    for (now, alive) in [(session.expires_at, 1), (used.expires_at, 0)] {
        let living = on.sessions.living(&[session.id], now).await.unwrap();
        assert_eq!(living.len(), alive);
    }
    let late = Rotation {
        at: at(used.expires_at.millis() - 1),
        expires_at: at(used.expires_at.millis() + 1_000),
        ..rotation(&used.next)
    };
    rotate(&on, &session, late).await;
}

pub async fn refresh_tokens_of_other_sessions_go_on(on: Relational) {
    let ada = on.user("ada").await.id;
    let (stolen, other) = (on.session(ada).await, on.session(ada).await);
    let used = rotate(&on, &stolen, rotation(&stolen.refresh)).await;
    assert_theft(&on, &stolen, &used).await;
    rotate(&on, &other, rotation(&other.refresh)).await;
    assert_eq!(on.alive(&[stolen.id, other.id]).await, [other.id]);
}
