//! The user directory with mocked ports and paused time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::*;
use crate::error::StoreError;
use crate::health::MockHealthView;
use crate::test_runtime::{ADMIN, USER, runtime};
use crate::user::{Claims, MockTokenSigner, MockUserRepository, Role};

fn directory(users: MockUserRepository, up: bool) -> UserDirectory {
    let mut signer = MockTokenSigner::new();
    signer.expect_verify().returning(|_| {
        Ok(Claims {
            user_id: USER.user_id,
            role: USER.role,
        })
    });
    let mut health = MockHealthView::new();
    health.expect_is_up().return_const(up);
    UserDirectory::new(
        Arc::new(users),
        Arc::new(signer),
        Arc::new(health),
        "mysql",
        runtime(),
    )
}

async fn wait(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}

#[tokio::test(start_paused = true)]
async fn many_requests_cost_one_look() {
    let mut users = MockUserRepository::new();
    users
        .expect_roles()
        .times(1)
        .returning(|ids| Ok(vec![(ids[0], Role::User)]));
    let directory = directory(users, true);
    for _ in 0..1_000 {
        assert_eq!(directory.admit("token").await, Ok(USER));
    }
}

#[tokio::test(start_paused = true)]
async fn a_deleted_user_is_refused_within_five_seconds() {
    let deleted = Arc::new(AtomicBool::new(false));
    let mut users = MockUserRepository::new();
    let seen = deleted.clone();
    users.expect_roles().returning(move |ids| {
        Ok(if seen.load(Ordering::Relaxed) {
            vec![]
        } else {
            vec![(ids[0], Role::User)]
        })
    });
    let directory = directory(users, true);
    assert!(directory.admit("token").await.is_ok());
    deleted.store(true, Ordering::Relaxed);
    wait(5).await;
    assert_eq!(directory.admit("token").await, Err(InvalidToken));
}

#[tokio::test(start_paused = true)]
async fn the_present_role_counts_and_not_the_tokens() {
    let mut users = MockUserRepository::new();
    users
        .expect_roles()
        .returning(|ids| Ok(vec![(ids[0], Role::Admin)]));
    let identity = directory(users, true).admit("token").await.unwrap();
    assert_eq!(identity.role, ADMIN.role);
}

#[tokio::test(start_paused = true)]
async fn a_valid_token_is_believed_while_the_database_is_away_or_silent() {
    assert_eq!(
        directory(MockUserRepository::new(), false)
            .admit("token")
            .await,
        Ok(USER)
    );
    let mut users = MockUserRepository::new();
    users
        .expect_roles()
        .returning(|_| Err(StoreError::unavailable("mysql", "gone")));
    assert_eq!(directory(users, true).admit("token").await, Ok(USER));
}

#[tokio::test(start_paused = true)]
async fn a_user_known_to_be_deleted_stays_refused_while_the_database_is_away() {
    let mut users = MockUserRepository::new();
    users.expect_roles().times(1).returning(|_| Ok(vec![]));
    users
        .expect_roles()
        .returning(|_| Err(StoreError::unavailable("mysql", "gone")));
    let directory = directory(users, true);
    assert_eq!(directory.admit("token").await, Err(InvalidToken));
    wait(60).await;
    assert_eq!(directory.admit("token").await, Err(InvalidToken));
}
