//! Sessions with mocked ports: what a sign-in gives away, and who hears that a session ended.

use std::sync::Arc;

use uuid::Uuid;

use super::*;
use crate::access::MockAccessNews;
use crate::audit::{Action, AuditBuffer, AuditRecord, MockAuditLog, Outcome};
use crate::error::{Failure, StoreError};
use crate::request::Caller;
use crate::test_runtime::{USER, origin, runtime};
use crate::throttle::{Admission, Charge, MockLoginAttempts};
use crate::time::Timestamp;
use crate::user::{
    Account, Email, HashError, MockPasswordHasher, MockTokenSigner, MockUserRepository, Password,
    PasswordAttempt, PasswordHash, PersonName, SignedToken, User,
};

const CALLER: Caller = Caller {
    identity: USER,
    session_id: SessionId::new(Uuid::from_u128(7)),
};

fn user() -> User {
    User {
        id: USER.user_id,
        name: PersonName::parse("John").unwrap(),
        email: email(),
        role: USER.role,
        created_at: Timestamp::from_millis(0),
    }
}

fn email() -> Email {
    Email::parse("john@example.com").unwrap()
}

fn attempt() -> PasswordAttempt {
    PasswordAttempt::parse("SecurePass@123").unwrap()
}

fn account() -> Account {
    Account {
        user: user(),
        password_hash: PasswordHash::new("hash".to_owned()),
    }
}

/// The use cases' ports; what a test does not expect must not be called.
struct Mocks {
    users: MockUserRepository,
    sessions: MockSessionRepository,
    hasher: MockPasswordHasher,
    attempts: MockLoginAttempts,
    news: MockAccessNews,
    log: MockAuditLog,
}

impl Mocks {
    /// Whoever is looked for by address is John.
    fn find_john(&mut self) {
        let found = self.users.expect_find_by_email();
        found.returning(|_| Ok(Some(account())));
    }

    /// John, whose password is right or wrong.
    fn with_password(matches: bool) -> Self {
        let mut mocks = Self::new();
        mocks.expect_attempt(matches);
        mocks.find_john();
        mocks
            .users
            .expect_account()
            .returning(|_| Ok(Some(account())));
        mocks
            .hasher
            .expect_verify()
            .withf(|_, hash| hash.is_some())
            .returning(move |_, _| Ok(matches));
        mocks.hasher.expect_is_outdated().returning(|_| false);
        mocks
    }

    /// John, whose password is right and was hashed in another way than today.
    fn with_outdated_hash() -> Self {
        let mut mocks = Self::new();
        mocks.expect_attempt(true);
        let found = mocks.users.expect_find_by_email().times(1);
        found.returning(|_| Ok(Some(account())));
        mocks.hasher.expect_verify().returning(|_, _| Ok(true));
        let outdated = mocks.hasher.expect_is_outdated();
        outdated.returning(|hash| hash.expose() == "hash");
        mocks
    }

    fn new() -> Self {
        Self {
            users: MockUserRepository::new(),
            sessions: MockSessionRepository::new(),
            hasher: MockPasswordHasher::new(),
            attempts: MockLoginAttempts::new(),
            news: MockAccessNews::new(),
            log: MockAuditLog::new(),
        }
    }

    /// Expects that an attempt is charged before all else, and told to have succeeded if it did.
    fn expect_attempt(&mut self, succeeds: bool) {
        self.attempts.expect_charge().times(1).returning(|attempt| {
            Ok(Charge::Admitted(Admission {
                attempt: attempt.clone(),
                is_known: false,
            }))
        });
        self.attempts
            .expect_succeeded()
            .times(usize::from(succeeds))
            .returning(|_| Ok(()));
    }

    /// Expects one record, which `is_right`.
    fn expect_record(&mut self, is_right: impl Fn(&AuditRecord) -> bool + Send + 'static) {
        self.log
            .expect_append()
            .withf(move |records| records.len() == 1 && is_right(&records[0]))
            .times(1)
            .returning(|_| Ok(()));
    }

    fn service(self) -> (SessionService, Arc<AuditBuffer>) {
        let audit = Arc::new(AuditBuffer::new(Arc::new(self.log)));
        let mut signer = MockTokenSigner::new();
        signer.expect_sign().returning(|_| {
            Ok(SignedToken {
                text: "signed".to_owned(),
                expires_in: 60,
            })
        });
        let mut secrets = MockSecretSource::new();
        secrets
            .expect_refresh_token()
            .returning(|| RefreshToken::new([1; 32]));
        let ports = SessionPorts {
            users: Arc::new(self.users),
            sessions: Arc::new(self.sessions),
            hasher: Arc::new(self.hasher),
            attempts: Arc::new(self.attempts),
            signer: Arc::new(signer),
            secrets: Arc::new(secrets),
            news: Arc::new(self.news),
            audit: Arc::clone(&audit),
            runtime: runtime(),
        };
        let settings = SessionSettings {
            refresh_life: std::time::Duration::from_secs(600),
        };
        (SessionService::new(ports, settings), audit)
    }
}

#[tokio::test]
async fn a_sign_in_opens_a_session_for_the_checked_password() {
    let mut mocks = Mocks::with_password(true);
    mocks
        .sessions
        .expect_open()
        .withf(|session| {
            session.checked.expose() == "hash"
                && session.refresh == RefreshToken::new([1; 32]).hash()
                && session.expires_at.millis() - session.at.millis() == 600_000
        })
        .times(1)
        .returning(|_| Ok(Opening::Opened));
    let (service, _) = mocks.service();
    let login = service.log_in(email(), attempt(), &origin()).await.unwrap();
    assert_eq!(login.refresh.expires_in, 600);
    assert_eq!(login.user, user());
}

#[tokio::test]
async fn a_password_that_changes_meanwhile_signs_nobody_in() {
    let mut mocks = Mocks::with_password(true);
    mocks
        .sessions
        .expect_open()
        .returning(|_| Ok(Opening::CredentialsChanged));
    mocks.expect_record(|record| record.outcome == Outcome::Failure);
    let (service, audit) = mocks.service();
    let answer = service.log_in(email(), attempt(), &origin()).await;
    assert!(matches!(answer, Err(LoginError::WrongCredentials)));
    audit.flush().await.unwrap();
}

#[tokio::test]
async fn a_wrong_password_is_recorded_with_the_account_that_it_was_tried_on() {
    let mut mocks = Mocks::with_password(false);
    mocks.expect_record(|record| {
        let target = record.target.as_ref().unwrap();
        (record.action, record.outcome) == (Action::Login, Outcome::Failure)
            && target.id == "7"
            && record.actor.user_id.is_none()
    });
    let (service, audit) = mocks.service();
    let answer = service.log_in(email(), attempt(), &origin()).await;
    assert!(matches!(answer, Err(LoginError::WrongCredentials)));
    audit.flush().await.unwrap();
}

#[tokio::test]
async fn a_sign_in_renews_an_outdated_hash() {
    let mut mocks = Mocks::with_outdated_hash();
    let open = mocks.sessions.expect_open().times(1);
    open.returning(|_| Ok(Opening::Opened));
    let hash = mocks.hasher.expect_hash();
    hash.withf(|password| password.expose() == "SecurePass@123")
        .times(1)
        .returning(|_| Ok(PasswordHash::new("new".to_owned())));
    let replace = mocks.users.expect_replace_hash();
    replace
        .withf(|id, old, new| {
            *id == USER.user_id && old.expose() == "hash" && new.expose() == "new"
        })
        .times(1)
        .returning(|_, _, _| Ok(true));
    let (service, _) = mocks.service();
    assert!(service.log_in(email(), attempt(), &origin()).await.is_ok());
}

#[tokio::test]
async fn a_hash_that_cannot_be_renewed_keeps_nobody_out() {
    let mut mocks = Mocks::with_outdated_hash();
    let open = mocks.sessions.expect_open().times(1);
    open.returning(|_| Ok(Opening::Opened));
    let hash = mocks.hasher.expect_hash().times(1);
    hash.returning(|_| Err(HashError::Busy));
    let (service, _) = mocks.service();
    assert!(service.log_in(email(), attempt(), &origin()).await.is_ok());
}

#[tokio::test]
async fn a_sign_in_beside_the_one_that_renews_is_none_with_a_wrong_password() {
    let mut mocks = Mocks::with_outdated_hash();
    let opening = |session: &NewSession| match session.checked.expose() {
        "new" => Opening::Opened,
        _ => Opening::CredentialsChanged,
    };
    let open = mocks.sessions.expect_open().times(2);
    open.returning(move |session| Ok(opening(session)));
    let found = mocks.users.expect_account().times(1);
    found.returning(|_| {
        Ok(Some(Account {
            password_hash: PasswordHash::new("new".to_owned()),
            ..account()
        }))
    });
    let (service, _) = mocks.service();
    assert!(service.log_in(email(), attempt(), &origin()).await.is_ok());
}

#[tokio::test]
async fn an_unknown_address_is_hashed_for_as_well_and_recorded_without_it() {
    let mut mocks = Mocks::new();
    mocks.expect_attempt(false);
    mocks.users.expect_find_by_email().returning(|_| Ok(None));
    mocks
        .hasher
        .expect_verify()
        .withf(|_, hash| hash.is_none())
        .times(1)
        .returning(|_, _| Ok(false));
    mocks.expect_record(|record| {
        let text = serde_json::to_string(record).unwrap();
        let is_silent = record.target.is_none() && !text.contains("example.com");
        record.outcome == Outcome::Failure && is_silent
    });
    let (service, audit) = mocks.service();
    let answer = service.log_in(email(), attempt(), &origin()).await;
    assert!(matches!(answer, Err(LoginError::WrongCredentials)));
    audit.flush().await.unwrap();
}

#[tokio::test]
async fn a_password_that_was_not_looked_at_is_not_counted() {
    for mends in [true, false] {
        let mut mocks = Mocks::new();
        mocks.expect_attempt(false);
        mocks.find_john();
        mocks
            .hasher
            .expect_verify()
            .returning(|_, _| Err(HashError::Busy));
        mocks
            .attempts
            .expect_withdraw()
            .withf(|admission| !admission.is_known)
            .times(1)
            .returning(move |_| match mends {
                true => Ok(()),
                false => Err(StoreError::unavailable("mysql", "gone")),
            });
        let (service, _) = mocks.service();
        let answer = service.log_in(email(), attempt(), &origin()).await;
        assert!(matches!(
            answer,
            Err(LoginError::Failed(Failure::Unavailable(_)))
        ));
    }
}

#[tokio::test]
async fn what_cannot_be_a_password_is_wrong_after_the_same_work() {
    // bcrypt reads 72 bytes: a longer attempt must not match a password that it begins with.
    let mut mocks = Mocks::new();
    mocks.expect_attempt(false);
    mocks.find_john();
    mocks
        .hasher
        .expect_verify()
        .withf(|_, hash| hash.is_none())
        .times(1)
        .returning(|_, _| Ok(false));
    let (service, _) = mocks.service();
    let attempt = PasswordAttempt::parse(&"x".repeat(73)).unwrap();
    let answer = service.log_in(email(), attempt, &origin()).await;
    assert!(matches!(answer, Err(LoginError::WrongCredentials)));
}

#[tokio::test]
async fn a_token_used_twice_is_theft_which_is_told_and_written_down() {
    let mut mocks = Mocks::new();
    mocks.sessions.expect_rotate().returning(|_| {
        Ok(RotateOutcome::Reused {
            session_id: CALLER.session_id,
            user_id: USER.user_id,
        })
    });
    mocks
        .news
        .expect_ended()
        .withf(|session| *session == CALLER.session_id)
        .times(1)
        .return_const(());
    mocks.expect_record(|record| {
        let target = record.target.as_ref().unwrap();
        (record.action, record.outcome) == (Action::SessionTheft, Outcome::Failure)
            && target.id == "7"
            && record.actor.user_id.is_none()
    });
    let (service, audit) = mocks.service();
    let answer = service.refresh(RefreshToken::new([2; 32]), &origin()).await;
    assert!(matches!(answer, Err(RefreshError::Refused)));
    audit.flush().await.unwrap();
}

#[tokio::test]
async fn a_new_password_ends_all_sessions_but_the_callers() {
    let mut mocks = Mocks::with_password(true);
    mocks
        .hasher
        .expect_hash()
        .returning(|_| Ok(PasswordHash::new("new".to_owned())));
    mocks
        .sessions
        .expect_change_password()
        .withf(|change| {
            (change.checked.expose(), change.new.expose()) == ("hash", "new")
                && change.keep == CALLER.session_id
        })
        .times(1)
        .returning(|_| Ok(true));
    mocks
        .news
        .expect_all_ended()
        .withf(|user, but| *user == USER.user_id && *but == Some(CALLER.session_id))
        .times(1)
        .return_const(());
    mocks.expect_record(|record| record.outcome == Outcome::Success);
    let (service, audit) = mocks.service();
    let new = Password::parse("AnotherPass@123").unwrap();
    let answer = service
        .change_password(CALLER, attempt(), new, &origin())
        .await;
    assert!(answer.is_ok());
    audit.flush().await.unwrap();
}

#[tokio::test]
async fn a_wrong_present_password_changes_nothing() {
    let mut mocks = Mocks::with_password(false);
    mocks.expect_record(|record| record.outcome == Outcome::Failure);
    let (service, audit) = mocks.service();
    let new = Password::parse("AnotherPass@123").unwrap();
    let answer = service
        .change_password(CALLER, attempt(), new, &origin())
        .await;
    assert!(matches!(answer, Err(ChangePasswordError::WrongPassword)));
    audit.flush().await.unwrap();
}

#[tokio::test]
async fn who_has_to_wait_gets_no_password_looked_at() {
    let wait = std::time::Duration::from_secs(3);
    for account in [None, Some(account())] {
        let mut mocks = Mocks::new();
        let found = account.clone();
        mocks
            .users
            .expect_find_by_email()
            .returning(move |_| Ok(found.clone()));
        mocks
            .attempts
            .expect_charge()
            .returning(move |_| Ok(Charge::Wait(wait)));
        let (service, _) = mocks.service();
        let answer = service.log_in(email(), attempt(), &origin()).await;
        assert!(matches!(answer, Err(LoginError::Slowed(told)) if told == wait));
    }
    let mut mocks = Mocks::new();
    mocks
        .users
        .expect_account()
        .returning(|_| Ok(Some(account())));
    mocks
        .attempts
        .expect_charge()
        .returning(move |_| Ok(Charge::Wait(wait)));
    let (service, _) = mocks.service();
    let new = Password::parse("AnotherPass@123").unwrap();
    let answer = service
        .change_password(CALLER, attempt(), new, &origin())
        .await;
    assert!(matches!(answer, Err(ChangePasswordError::Slowed(told)) if told == wait));
}
