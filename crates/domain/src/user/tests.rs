//! Accounts with mocked ports: who may make an admin.

use std::sync::Arc;

use super::*;
use crate::audit::{AuditBuffer, MockAuditLog};
use crate::test_runtime::{ADMIN, USER, origin, runtime};
use crate::time::Timestamp;

const TOKEN: &str = "a setup token that nobody guesses";

fn account() -> NewAccount {
    NewAccount {
        name: PersonName::parse("Admin").unwrap(),
        email: Email::parse("admin@example.com").unwrap(),
        password: Password::parse("admin@1234").unwrap(),
    }
}

fn stored(user: &NewUser) -> User {
    User {
        id: UserId::new(3),
        name: user.name.clone(),
        email: user.email.clone(),
        role: user.role,
        created_at: Timestamp::from_millis(0),
    }
}

fn service(users: MockUserRepository, hasher: MockPasswordHasher) -> AccountService {
    let ports = AccountPorts {
        users: Arc::new(users),
        hasher: Arc::new(hasher),
        audit: Arc::new(AuditBuffer::new(Arc::new(MockAuditLog::new()))),
        runtime: runtime(),
    };
    let token = Some(TOKEN.to_owned());
    AccountService::new(ports, AdminSetup { token })
}

fn hashing() -> MockPasswordHasher {
    let mut hasher = MockPasswordHasher::new();
    hasher
        .expect_hash()
        .returning(|_| Ok(PasswordHash::new("hash".to_owned())));
    hasher
}

#[tokio::test]
async fn an_admin_makes_another_one_while_there_is_one() {
    let mut users = MockUserRepository::new();
    users
        .expect_insert()
        .withf(|user| user.role == Role::Admin)
        .times(1)
        .returning(|user| Ok(stored(user)));
    let service = service(users, hashing());
    let gate = AdminGate {
        caller: Some(ADMIN),
        ..AdminGate::default()
    };
    assert!(
        service
            .register_admin(account(), gate, &origin())
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn the_first_admin_comes_by_token_or_loopback() {
    for gate in [
        AdminGate {
            setup_token: Some(TOKEN.to_owned()),
            ..AdminGate::default()
        },
        AdminGate {
            loopback: true,
            ..AdminGate::default()
        },
        AdminGate {
            loopback: true,
            caller: Some(USER),
            ..AdminGate::default()
        },
    ] {
        let mut users = MockUserRepository::new();
        users.expect_admin_exists().returning(|| Ok(false));
        users
            .expect_insert_first_admin()
            .times(1)
            .returning(|user| Ok(stored(user)));
        let service = service(users, hashing());
        assert!(
            service
                .register_admin(account(), gate, &origin())
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn a_shut_gate_costs_no_hash() {
    for (gate, exists) in [
        (AdminGate::default(), false),
        (
            AdminGate {
                caller: Some(USER),
                ..AdminGate::default()
            },
            false,
        ),
        (
            AdminGate {
                setup_token: Some("another".to_owned()),
                ..AdminGate::default()
            },
            false,
        ),
        (
            AdminGate {
                setup_token: Some(String::new()),
                ..AdminGate::default()
            },
            false,
        ),
        (
            AdminGate {
                setup_token: Some(TOKEN.to_owned()),
                ..AdminGate::default()
            },
            true,
        ),
        (
            AdminGate {
                loopback: true,
                ..AdminGate::default()
            },
            true,
        ),
    ] {
        let mut users = MockUserRepository::new();
        users.expect_admin_exists().returning(move || Ok(exists));
        let service = service(users, MockPasswordHasher::new());
        let answer = service.register_admin(account(), gate, &origin()).await;
        assert!(matches!(answer, Err(RegisterAdminError::Forbidden)));
    }
}

#[tokio::test]
async fn the_loser_of_the_race_for_the_first_admin_is_forbidden() {
    let mut users = MockUserRepository::new();
    users.expect_admin_exists().returning(|| Ok(false));
    users
        .expect_insert_first_admin()
        .returning(|_| Err(CreateAdminError::AdminExists));
    let service = service(users, hashing());
    let gate = AdminGate {
        loopback: true,
        ..AdminGate::default()
    };
    let answer = service.register_admin(account(), gate, &origin()).await;
    assert!(matches!(answer, Err(RegisterAdminError::Forbidden)));
}
