//! The session use cases.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use metrics::Counter;

use super::{
    ChangePasswordError, IssuedRefreshToken, Login, LoginError, NewSession, Opening,
    PasswordChange, RefreshError, RefreshToken, RotateOutcome, Rotation, SecretSource, SessionId,
    SessionRepository, SessionUseCases,
};
use crate::access::AccessNews;
use crate::audit::{Action, AuditBuffer, AuditRecord};
use crate::error::{Failure, chain};
use crate::metric::PASSWORD_CHECKS;
use crate::request::{Caller, Identity, Origin};
use crate::runtime::Runtime;
use crate::throttle::{Admission, Attempt, Charge, LoginAttempts};
use crate::user::{
    Account, Claims, Email, Password, PasswordAttempt, PasswordHash, PasswordHasher, TokenSigner,
    User, UserId, UserRepository,
};

/// How long a sign-in waits for its password's hash to be renewed.
const RENEWAL_WAIT: Duration = Duration::from_millis(500);

/// What sessions work with.
#[derive(Clone)]
pub struct SessionPorts {
    /// The users.
    pub users: Arc<dyn UserRepository>,
    /// Their sessions.
    pub sessions: Arc<dyn SessionRepository>,
    /// Checks and hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Signs access tokens.
    pub signer: Arc<dyn TokenSigner>,
    /// Keeps count of tries with a wrong password.
    pub attempts: Arc<dyn LoginAttempts>,
    /// Makes refresh tokens.
    pub secrets: Arc<dyn SecretSource>,
    /// Hears of sessions that end.
    pub news: Arc<dyn AccessNews>,
    /// Takes audit records.
    pub audit: Arc<AuditBuffer>,
    /// The machine.
    pub runtime: Runtime,
}

/// How sessions are kept.
#[derive(Debug, Clone, Copy)]
pub struct SessionSettings {
    /// The life of a refresh token. A session lives as long as its latest one.
    pub refresh_life: Duration,
}

/// What became of a password that somebody tried.
enum Check {
    /// It is that of the account.
    Right(Account),
    /// It is another one, or there is no account.
    Wrong,
    /// It was not looked at: too many were wrong before.
    Slowed(Duration),
}

/// The session use cases.
pub struct SessionService {
    ports: SessionPorts,
    settings: SessionSettings,
    meter: CheckMeter,
}

/// Counts what became of passwords that somebody tried.
struct CheckMeter {
    right: Counter,
    wrong: Counter,
    slowed: Counter,
}

impl CheckMeter {
    fn new() -> Self {
        Self {
            right: PASSWORD_CHECKS.counter(["right"]),
            wrong: PASSWORD_CHECKS.counter(["wrong"]),
            slowed: PASSWORD_CHECKS.counter(["slowed"]),
        }
    }

    fn note(&self, check: &Check) {
        let counter = match check {
            Check::Right(_) => &self.right,
            Check::Wrong => &self.wrong,
            Check::Slowed(_) => &self.slowed,
        };
        counter.increment(1);
    }
}

impl SessionService {
    /// The use cases on `ports`.
    pub fn new(ports: SessionPorts, settings: SessionSettings) -> Self {
        Self {
            ports,
            settings,
            meter: CheckMeter::new(),
        }
    }

    /// The same as [`Self::look`], and counted.
    async fn check(
        &self,
        email: &Email,
        account: Option<Account>,
        attempt: &PasswordAttempt,
        origin: &Origin,
    ) -> Result<Check, Failure> {
        let check = self.look(email, account, attempt, origin).await?;
        self.meter.note(&check);
        Ok(check)
    }

    /// The account, if the attempt is its password. Without an account the work is the same, and so is
    /// what it counts for.
    async fn look(
        &self,
        email: &Email,
        account: Option<Account>,
        attempt: &PasswordAttempt,
        origin: &Origin,
    ) -> Result<Check, Failure> {
        let charged = Attempt::new(email, origin.address.as_deref());
        let admission = match self.ports.attempts.charge(&charged).await? {
            Charge::Admitted(admission) => admission,
            Charge::Wait(wait) => return Ok(Check::Slowed(wait)),
        };
        // What can't be a password is compared with nobody's hash: wrong, in the same time.
        let hash = account.as_ref().map(|account| &account.password_hash);
        let hash = hash.filter(|_| attempt.is_possible());
        let matches = match self.ports.hasher.verify(attempt, hash).await {
            Ok(matches) => matches,
            Err(error) => {
                self.withdraw(&admission).await;
                return Err(error.into());
            }
        };
        let Some(account) = account.filter(|_| matches) else {
            return Ok(Check::Wrong);
        };
        self.ports.attempts.succeeded(&admission).await?;
        Ok(Check::Right(account))
    }

    /// Takes back what was charged for a password that nobody looked at: the failure is ours.
    async fn withdraw(&self, admission: &Admission) {
        if let Err(error) = self.ports.attempts.withdraw(admission).await {
            tracing::warn!(
                error = chain(&error),
                "an attempt to sign in counts as failed that was not looked at"
            );
        }
    }

    /// Opens a session for an account whose password was right, and renews its hash if that is outdated.
    async fn sign_in(
        &self,
        account: Account,
        attempt: &PasswordAttempt,
    ) -> Result<Option<Login>, Failure> {
        let (id, hash) = (account.user.id, account.password_hash.clone());
        let is_outdated = self.ports.hasher.is_outdated(&hash);
        match self.open(account).await? {
            Some(login) if is_outdated => {
                self.renew(id, hash, attempt).await;
                Ok(Some(login))
            }
            None if is_outdated => self.sign_in_again(id, attempt).await,
            login => Ok(login),
        }
    }

    /// Opens a session after the hash changed: another sign-in may have renewed it, and then the password is
    /// the same.
    async fn sign_in_again(
        &self,
        id: UserId,
        attempt: &PasswordAttempt,
    ) -> Result<Option<Login>, Failure> {
        let Some(account) = self.ports.users.account(id).await? else {
            return Ok(None);
        };
        let hash = Some(&account.password_hash);
        match self.ports.hasher.verify(attempt, hash).await? {
            true => self.open(account).await,
            false => Ok(None),
        }
    }

    /// Hashes the password as it is hashed today. A sign-in does not wait long for it, and does not fail with
    /// it: the next one tries again.
    async fn renew(&self, id: UserId, old: PasswordHash, attempt: &PasswordAttempt) {
        let Ok(password) = Password::parse(attempt.expose()) else {
            return;
        };
        let hasher = Arc::clone(&self.ports.hasher);
        let users = Arc::clone(&self.ports.users);
        let work = async move {
            let renewed = async {
                let new = hasher.hash(&password).await?;
                Ok::<_, Failure>(users.replace_hash(id, &old, &new).await?)
            };
            if let Err(error) = renewed.await {
                tracing::warn!(error = chain(&error), "a password keeps its outdated hash");
            }
        };
        let runtime = &self.ports.runtime;
        runtime.in_own_task(RENEWAL_WAIT, work).await;
    }

    /// Opens a session for an account whose password was right; `None` if that was changed meanwhile.
    async fn open(&self, account: Account) -> Result<Option<Login>, Failure> {
        let runtime = &self.ports.runtime;
        let (id, at) = (runtime.ids.session_id(), runtime.clock.now());
        let refresh = self.ports.secrets.refresh_token();
        let session = NewSession {
            id,
            user_id: account.user.id,
            checked: account.password_hash,
            refresh: refresh.hash(),
            at,
            expires_at: at.plus(self.settings.refresh_life),
        };
        match self.ports.sessions.open(&session).await? {
            Opening::Opened => self.login(account.user, id, refresh).map(Some),
            Opening::CredentialsChanged => Ok(None),
        }
    }

    fn login(
        &self,
        user: User,
        session_id: SessionId,
        refresh: RefreshToken,
    ) -> Result<Login, Failure> {
        let claims = Claims {
            user_id: user.id,
            role: user.role,
            session_id,
        };
        let token = self.ports.signer.sign(claims);
        Ok(Login {
            token: token.map_err(|error| Failure::Unexpected(error.into()))?,
            refresh: IssuedRefreshToken {
                token: refresh,
                expires_in: self.settings.refresh_life.as_secs(),
            },
            user,
        })
    }

    fn record(&self, action: Action, origin: &Origin) -> AuditRecord {
        let runtime = &self.ports.runtime;
        AuditRecord::new(runtime.ids.audit_id(), runtime.clock.now(), action, origin)
    }

    /// A record of what somebody did to the own account.
    fn own_record(&self, action: Action, by: Identity, origin: &Origin) -> AuditRecord {
        self.record(action, origin).by(by).on_user(by.user_id)
    }
}

#[async_trait]
impl SessionUseCases for SessionService {
    async fn log_in(
        &self,
        email: Email,
        attempt: PasswordAttempt,
        origin: &Origin,
    ) -> Result<Login, LoginError> {
        let found = self.ports.users.find_by_email(&email).await;
        let account = found.map_err(Failure::from)?;
        let target = account.as_ref().map(|account| account.user.id);
        let login = match self.check(&email, account, &attempt, origin).await? {
            Check::Right(account) => self.sign_in(account, &attempt).await?,
            Check::Wrong => None,
            Check::Slowed(wait) => return Err(LoginError::Slowed(wait)),
        };
        let Some(login) = login else {
            let record = self.record(Action::Login, origin).failed();
            let record = match target {
                Some(user) => record.on_user(user),
                None => record,
            };
            self.ports.audit.push(record);
            return Err(LoginError::WrongCredentials);
        };
        let by = Identity {
            user_id: login.user.id,
            role: login.user.role,
        };
        let record = self.own_record(Action::Login, by, origin);
        self.ports.audit.push(record);
        Ok(login)
    }

    async fn refresh(&self, token: RefreshToken, origin: &Origin) -> Result<Login, RefreshError> {
        let at = self.ports.runtime.clock.now();
        let next = self.ports.secrets.refresh_token();
        let rotation = Rotation {
            used: token.hash(),
            next: next.hash(),
            at,
            expires_at: at.plus(self.settings.refresh_life),
        };
        let outcome = self.ports.sessions.rotate(&rotation).await;
        match outcome.map_err(Failure::from)? {
            RotateOutcome::Rotated { session_id, user } => Ok(self.login(user, session_id, next)?),
            RotateOutcome::Reused {
                session_id,
                user_id,
            } => {
                self.ports.news.ended(session_id);
                let record = self.record(Action::SessionTheft, origin).failed();
                let record = record.on_user(user_id);
                let record = record.with("session", session_id.to_string());
                self.ports.audit.push(record);
                Err(RefreshError::Refused)
            }
            RotateOutcome::Refused => Err(RefreshError::Refused),
        }
    }

    async fn log_out(&self, by: Caller, origin: &Origin) -> Result<(), Failure> {
        let at = self.ports.runtime.clock.now();
        self.ports.sessions.end(by.session_id, at).await?;
        self.ports.news.ended(by.session_id);
        let record = self.own_record(Action::LogOut, by.identity, origin);
        self.ports.audit.push(record);
        Ok(())
    }

    async fn log_out_everywhere(&self, by: Identity, origin: &Origin) -> Result<(), Failure> {
        let at = self.ports.runtime.clock.now();
        self.ports.sessions.end_all(by.user_id, at).await?;
        self.ports.news.all_ended(by.user_id, None);
        let record = self.own_record(Action::LogOutEverywhere, by, origin);
        self.ports.audit.push(record);
        Ok(())
    }

    async fn change_password(
        &self,
        by: Caller,
        current: PasswordAttempt,
        new: Password,
        origin: &Origin,
    ) -> Result<(), ChangePasswordError> {
        let user_id = by.identity.user_id;
        let found = self.ports.users.account(user_id).await;
        let account = found.map_err(Failure::from)?;
        let account = account.ok_or(ChangePasswordError::Gone)?;
        let record = self.own_record(Action::ChangePassword, by.identity, origin);
        let email = account.user.email.clone();
        let checked = self.check(&email, Some(account), &current, origin);
        let account = match checked.await? {
            Check::Right(account) => account,
            Check::Wrong => {
                self.ports.audit.push(record.failed());
                return Err(ChangePasswordError::WrongPassword);
            }
            Check::Slowed(wait) => return Err(ChangePasswordError::Slowed(wait)),
        };
        let new = self.ports.hasher.hash(&new).await;
        let change = PasswordChange {
            user_id,
            checked: account.password_hash,
            new: new.map_err(Failure::from)?,
            keep: by.session_id,
            at: self.ports.runtime.clock.now(),
        };
        let changed = self.ports.sessions.change_password(&change).await;
        if !changed.map_err(Failure::from)? {
            self.ports.audit.push(record.failed());
            return Err(ChangePasswordError::WrongPassword);
        }
        self.ports.news.all_ended(user_id, Some(by.session_id));
        self.ports.audit.push(record);
        Ok(())
    }
}
