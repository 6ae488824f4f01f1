//! Accounts with mocked ports: who may make an admin, and what a sign-in gives away.

use std::sync::Arc;

use super::*;
use crate::audit::{AuditBuffer, MockAuditLog, Outcome};
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

fn user() -> User {
    let NewAccount { name, email, .. } = account();
    User {
        id: UserId::new(3),
        name,
        email,
        role: Role::User,
        created_at: Timestamp::from_millis(0),
    }
}

struct Service {
    accounts: AccountService,
    audit: Arc<AuditBuffer>,
}

fn service(users: MockUserRepository, hasher: MockPasswordHasher, log: MockAuditLog) -> Service {
    let mut signer = MockTokenSigner::new();
    signer.expect_sign().returning(|_| {
        Ok(SignedToken {
            text: "signed".to_owned(),
            expires_in: 60,
        })
    });
    let audit = Arc::new(AuditBuffer::new(Arc::new(log)));
    let ports = AccountPorts {
        users: Arc::new(users),
        hasher: Arc::new(hasher),
        signer: Arc::new(signer),
        audit: audit.clone(),
        runtime: runtime(),
    };
    Service {
        accounts: AccountService::new(
            ports,
            AdminSetup {
                token: Some(TOKEN.to_owned()),
            },
        ),
        audit,
    }
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
    let service = service(users, hashing(), MockAuditLog::new());
    let gate = AdminGate {
        caller: Some(ADMIN),
        ..AdminGate::default()
    };
    assert!(
        service
            .accounts
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
        let service = service(users, hashing(), MockAuditLog::new());
        assert!(
            service
                .accounts
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
        let service = service(users, MockPasswordHasher::new(), MockAuditLog::new());
        let answer = service
            .accounts
            .register_admin(account(), gate, &origin())
            .await;
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
    let service = service(users, hashing(), MockAuditLog::new());
    let gate = AdminGate {
        loopback: true,
        ..AdminGate::default()
    };
    let answer = service
        .accounts
        .register_admin(account(), gate, &origin())
        .await;
    assert!(matches!(answer, Err(RegisterAdminError::Forbidden)));
}

#[tokio::test]
async fn an_unknown_address_is_hashed_for_as_well_and_recorded_without_it() {
    let mut users = MockUserRepository::new();
    users.expect_find_by_email().returning(|_| Ok(None));
    let mut hasher = MockPasswordHasher::new();
    hasher
        .expect_verify()
        .withf(|_, hash| hash.is_none())
        .times(1)
        .returning(|_, _| Ok(false));
    let mut log = MockAuditLog::new();
    log.expect_append()
        .withf(|records| {
            let text = serde_json::to_string(&records[0]).unwrap();
            records[0].outcome == Outcome::Failure && !text.contains("example.com")
        })
        .times(1)
        .returning(|_| Ok(()));
    let service = service(users, hasher, log);
    let attempt = PasswordAttempt::parse("SecurePass@123").unwrap();
    let answer = service
        .accounts
        .log_in(account().email, attempt, &origin())
        .await;
    assert!(matches!(answer, Err(LoginError::WrongCredentials)));
    service.audit.flush().await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_a_password_is_wrong_after_the_same_work() {
    // bcrypt reads 72 bytes: a longer attempt must not match a password that it begins with.
    let mut users = MockUserRepository::new();
    users.expect_find_by_email().returning(|_| {
        Ok(Some(Account {
            user: user(),
            password_hash: PasswordHash::new("hash".to_owned()),
        }))
    });
    let mut hasher = MockPasswordHasher::new();
    hasher
        .expect_verify()
        .withf(|_, hash| hash.is_none())
        .times(1)
        .returning(|_, _| Ok(false));
    let service = service(users, hasher, MockAuditLog::new());
    let attempt = PasswordAttempt::parse(&"x".repeat(73)).unwrap();
    let answer = service
        .accounts
        .log_in(account().email, attempt, &origin())
        .await;
    assert!(matches!(answer, Err(LoginError::WrongCredentials)));
}
