//! The session directory with mocked ports and paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use mockall::Sequence;
use uuid::Uuid;

use super::*;
use crate::error::StoreError;
use crate::health::MockHealthView;
use crate::request::Identity;
use crate::session::{LiveSession, MockSessionRepository};
use crate::test_runtime::{ADMIN, USER, runtime};
use crate::user::{Claims, MockTokenSigner};

const SESSION: SessionId = SessionId::new(Uuid::from_u128(7));
const OTHER: SessionId = SessionId::new(Uuid::from_u128(8));
const CALLER: Caller = Caller {
    identity: USER,
    session_id: SESSION,
};

/// Each token but `other` is of [`SESSION`].
fn directory(sessions: MockSessionRepository, up: bool) -> SessionDirectory {
    let mut signer = MockTokenSigner::new();
    signer.expect_verify().returning(|token| {
        Ok(Claims {
            user_id: USER.user_id,
            role: USER.role,
            session_id: if token == "other" { OTHER } else { SESSION },
        })
    });
    let mut health = MockHealthView::new();
    health.expect_is_up().return_const(up);
    SessionDirectory::new(
        Arc::new(sessions),
        Arc::new(signer),
        Arc::new(health),
        "mysql",
        runtime(),
    )
}

fn all_alive(ids: &[SessionId], as_whom: Identity) -> Vec<(SessionId, LiveSession)> {
    let alive = LiveSession {
        user_id: as_whom.user_id,
        role: as_whom.role,
    };
    ids.iter().map(|id| (*id, alive)).collect()
}

/// All sessions live, each of [`USER`].
fn living() -> MockSessionRepository {
    let mut sessions = MockSessionRepository::new();
    sessions
        .expect_living()
        .returning(|ids, _| Ok(all_alive(ids, USER)));
    sessions
}

async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn many_requests_cost_one_look() {
    let mut sessions = MockSessionRepository::new();
    sessions
        .expect_living()
        .times(1)
        .returning(|ids, _| Ok(all_alive(ids, USER)));
    let directory = directory(sessions, true);
    for _ in 0..1_000 {
        assert_eq!(directory.admit("token").await, Ok(CALLER));
    }
}

/// All sessions live, until the flag says that they have ended.
fn living_until(ended: &Arc<AtomicBool>) -> MockSessionRepository {
    let mut sessions = MockSessionRepository::new();
    let seen = Arc::clone(ended);
    sessions.expect_living().returning(move |ids, _| {
        Ok(if seen.load(Ordering::Relaxed) {
            vec![]
        } else {
            all_alive(ids, USER)
        })
    });
    sessions
}

#[tokio::test(start_paused = true)]
async fn a_session_that_ended_elsewhere_is_refused_within_five_seconds() {
    let ended = Arc::new(AtomicBool::new(false));
    let directory = directory(living_until(&ended), true);
    assert!(directory.admit("token").await.is_ok());
    ended.store(true, Ordering::Relaxed);
    wait(5).await;
    assert_eq!(directory.admit("token").await, Err(InvalidToken.into()));
}

#[tokio::test(start_paused = true)]
async fn a_new_role_does_not_let_in_longer() {
    let ended = Arc::new(AtomicBool::new(false));
    let directory = directory(living_until(&ended), true);
    assert!(directory.admit("token").await.is_ok());
    ended.store(true, Ordering::Relaxed);
    wait(3).await;
    directory.role_changed(USER.user_id, Role::Staff);
    wait(2).await;
    assert_eq!(directory.admit("token").await, Err(InvalidToken.into()));
}

#[tokio::test(start_paused = true)]
async fn the_present_role_counts_and_not_the_tokens() {
    let mut sessions = MockSessionRepository::new();
    let promoted = Identity {
        role: ADMIN.role,
        ..USER
    };
    sessions
        .expect_living()
        .returning(move |ids, _| Ok(all_alive(ids, promoted)));
    let caller = directory(sessions, true).admit("token").await.unwrap();
    assert_eq!(caller.identity, promoted);
}

#[tokio::test(start_paused = true)]
async fn a_session_of_somebody_else_is_refused() {
    let mut sessions = MockSessionRepository::new();
    sessions
        .expect_living()
        .returning(|ids, _| Ok(all_alive(ids, ADMIN)));
    let directory = directory(sessions, true);
    assert_eq!(directory.admit("token").await, Err(InvalidToken.into()));
}

#[tokio::test(start_paused = true)]
async fn a_valid_token_is_believed_while_the_database_is_away() {
    let directory = directory(MockSessionRepository::new(), false);
    assert_eq!(directory.admit("token").await, Ok(CALLER));
}

#[tokio::test(start_paused = true)]
async fn whose_session_nobody_knows_is_not_admitted_while_the_database_is_slow() {
    let mut sessions = MockSessionRepository::new();
    sessions
        .expect_living()
        .returning(|_, _| Err(StoreError::unavailable("mysql", "slow")));
    let answer = directory(sessions, true).admit("token").await;
    assert_eq!(answer, Err(AdmitError::Unavailable));
}

#[tokio::test(start_paused = true)]
async fn what_was_seen_counts_for_five_seconds_while_the_database_is_slow() {
    let mut sessions = MockSessionRepository::new();
    let mut order = Sequence::new();
    sessions
        .expect_living()
        .times(1)
        .in_sequence(&mut order)
        .returning(|ids, _| Ok(all_alive(ids, USER)));
    sessions
        .expect_living()
        .in_sequence(&mut order)
        .returning(|_, _| Err(StoreError::unavailable("mysql", "slow")));
    let directory = directory(sessions, true);
    assert_eq!(directory.admit("token").await, Ok(CALLER));
    wait(5).await;
    assert_eq!(directory.admit("token").await, Ok(CALLER));
    wait(1).await;
    assert_eq!(directory.admit("token").await, Err(AdmitError::Unavailable));
    // What has ended is told all the same.
    directory.ended(SESSION);
    wait(60).await;
    assert_eq!(directory.admit("token").await, Err(InvalidToken.into()));
}

#[tokio::test(start_paused = true)]
async fn a_session_known_to_have_ended_stays_refused_without_another_look() {
    let mut sessions = MockSessionRepository::new();
    sessions
        .expect_living()
        .times(1)
        .returning(|_, _| Ok(vec![]));
    let directory = directory(sessions, true);
    assert_eq!(directory.admit("token").await, Err(InvalidToken.into()));
    wait(60).await;
    assert_eq!(directory.admit("token").await, Err(InvalidToken.into()));
}

#[tokio::test(start_paused = true)]
async fn what_this_instance_did_counts_here_at_once() {
    let directory = directory(living(), true);
    for token in ["token", "other"] {
        assert!(directory.admit(token).await.is_ok());
    }
    directory.role_changed(USER.user_id, Role::Admin);
    let caller = directory.admit("token").await.unwrap();
    assert_eq!(caller.identity.role, Role::Admin);
    directory.all_ended(USER.user_id, Some(SESSION));
    assert!(directory.admit("token").await.is_ok());
    assert_eq!(directory.admit("other").await, Err(InvalidToken.into()));
    directory.ended(SESSION);
    assert_eq!(directory.admit("token").await, Err(InvalidToken.into()));
    wait(10).await;
    assert_eq!(directory.admit("other").await, Err(InvalidToken.into()));
}

#[tokio::test(start_paused = true)]
async fn a_look_that_began_before_the_end_does_not_bring_a_session_back() {
    let directory = Arc::new(directory(living(), true));
    assert!(directory.admit("token").await.is_ok());
    wait(3).await;
    // Admitted by what was known; the look that this started answers after the session ended.
    assert!(directory.admit("token").await.is_ok());
    directory.ended(SESSION);
    wait(1).await;
    assert_eq!(directory.admit("token").await, Err(InvalidToken.into()));
}
