//! The first admin.

use futures_util::future::join_all;

use super::super::Relational;
use super::super::make::*;
use crate::user::{CreateAdminError, Role};

pub async fn the_first_admin_is_stored_when_there_is_none(on: Relational) {
    on.user("ada").await;
    assert!(!on.users.admin_exists().await.unwrap());
    let new = new_admin("admin@example.org");
    let admin = on.users.insert_first_admin(&new).await.unwrap();
    assert_eq!(admin.role, Role::Admin);
    assert_eq!(admin.created_at, new.created_at);
    assert!(on.users.admin_exists().await.unwrap());
    assert_eq!(on.users.find(admin.id).await.unwrap(), Some(admin.clone()));
    let account = on.users.find_by_email(&new.email).await.unwrap().unwrap();
    assert_eq!(account.password_hash, new.password_hash);
}

pub async fn a_second_first_admin_is_refused_and_leaves_nothing(on: Relational) {
    let first = new_admin("first@example.org");
    let second = new_admin("second@example.org");
    on.users.insert_first_admin(&first).await.unwrap();
    let refused = on.users.insert_first_admin(&second).await;
    assert!(matches!(refused, Err(CreateAdminError::AdminExists)));
    assert!(
        on.users
            .find_by_email(&second.email)
            .await
            .unwrap()
            .is_none()
    );
}

pub async fn an_admin_made_by_an_admin_counts(on: Relational) {
    on.users.insert(&new_admin("a@example.org")).await.unwrap();
    assert!(on.users.admin_exists().await.unwrap());
    let refused = on
        .users
        .insert_first_admin(&new_admin("b@example.org"))
        .await;
    assert!(matches!(refused, Err(CreateAdminError::AdminExists)));
}

pub async fn a_taken_address_makes_no_first_admin(on: Relational) {
    on.user("ada").await;
    let refused = on
        .users
        .insert_first_admin(&new_admin("ADA@example.org"))
        .await;
    assert!(matches!(refused, Err(CreateAdminError::EmailTaken)));
    assert!(!on.users.admin_exists().await.unwrap());
    // The refusal does not stand in the way of the next try.
    let admin = new_admin("admin@example.org");
    assert!(on.users.insert_first_admin(&admin).await.is_ok());
}

pub async fn of_eight_first_admins_at_once_exactly_one_is_stored(on: Relational) {
    let wishes: Vec<_> = (0..8)
        .map(|n| new_admin(&format!("admin{n}@example.org")))
        .collect();
    let answers = join_all(wishes.iter().map(|wish| on.users.insert_first_admin(wish))).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for answer in answers.iter().filter_map(|answer| answer.as_ref().err()) {
        assert!(
            matches!(answer, CreateAdminError::AdminExists),
            "{answer:?}"
        );
    }
    let mut stored = 0;
    for wish in &wishes {
        stored += usize::from(on.users.find_by_email(&wish.email).await.unwrap().is_some());
    }
    assert_eq!(stored, 1);
}
