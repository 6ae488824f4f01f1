//! What is done with users who are there: listing them, changing their role, deleting them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{ChangeUserError, Role, User, UserFilter, UserId, UserRepository};
use crate::access::AccessNews;
use crate::audit::{Action, AuditBuffer, AuditRecord};
use crate::error::Failure;
use crate::idempotency::{Done, KeyClaim, KeyError, KeyUse, RequestKeys};
use crate::page::{Page, PageRequest};
use crate::request::{Identity, Origin};
use crate::runtime::Runtime;

/// Why a user was not changed or deleted.
#[derive(Debug, thiserror::Error)]
pub enum ManageUserError {
    /// There is no such user (any more).
    #[error("there is no such user")]
    NotFound,
    /// Nobody else is an admin.
    #[error("the last admin stays")]
    LastAdmin,
    /// Its key stands for another request, or for this one on its way.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It could not be done.
    #[error(transparent)]
    Failed(#[from] Failure),
}

/// What admins can do with users, and users with themselves. Every change, done or refused, leaves an
/// audit record.
#[cfg_attr(any(test, feature = "testing"), mockall::automock)]
#[async_trait]
pub trait UserUseCases: Send + Sync {
    /// A page of the users that `filter` lets through, by id.
    async fn list(&self, filter: UserFilter, page: PageRequest) -> Result<Page<User>, Failure>;

    /// Gives a user another role; it counts within 5 seconds for sessions that are open. The last admin
    /// stays one, however many demote each other at once.
    async fn set_role(
        &self,
        id: UserId,
        role: Role,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<User>, ManageUserError>;

    /// Deletes a user, by an admin or by the user: the bookings stay for the books, without anything
    /// personal. Sessions end within 5 seconds. The last admin stays.
    async fn delete(
        &self,
        id: UserId,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<()>, ManageUserError>;
}

/// What the administration of users works with.
#[derive(Clone)]
pub struct UserPorts {
    /// The users.
    pub users: Arc<dyn UserRepository>,
    /// What was done under which key.
    pub keys: RequestKeys,
    /// Hears of changes.
    pub news: Arc<dyn AccessNews>,
    /// Takes audit records.
    pub audit: Arc<AuditBuffer>,
    /// The machine.
    pub runtime: Runtime,
}

/// The administration of users.
pub struct UserService {
    ports: UserPorts,
    deadline: Duration,
}

impl UserService {
    /// The use cases on `ports`; `deadline` is the longest that a client waits for a change, which goes on
    /// behind it.
    pub fn new(ports: UserPorts, deadline: Duration) -> Self {
        Self { ports, deadline }
    }

    fn change(&self, id: UserId, by: Identity, origin: &Origin) -> Change {
        Change {
            ports: self.ports.clone(),
            id,
            by,
            origin: origin.clone(),
        }
    }

    /// Does `work` in a task of its own, and waits for it no longer than a client does.
    async fn in_own_task<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ManageUserError>> + Send + 'static,
    ) -> Result<T, ManageUserError> {
        let runtime = &self.ports.runtime;
        let result = runtime.in_own_task(self.deadline, work).await;
        result.unwrap_or_else(|| Err(Failure::too_late().into()))
    }

    /// What an earlier request was answered. Nothing but the role of a user ever changes, until the user
    /// is deleted; then nothing personal is left to be answered.
    async fn given_role(&self, id: UserId, role: Role) -> Result<User, ManageUserError> {
        let found = self.ports.users.find(id).await.map_err(Failure::from)?;
        let user = found.ok_or(ManageUserError::NotFound)?;
        Ok(User { role, ..user })
    }
}

/// Somebody's change of a user. It runs in a task of its own: the store acts whether or not the client
/// still waits, and what it did must not go unrecorded because the client hung up.
struct Change {
    ports: UserPorts,
    id: UserId,
    by: Identity,
    origin: Origin,
}

impl Change {
    async fn give_role(self, role: Role, key: Option<KeyClaim>) -> Result<User, ManageUserError> {
        let record = self.record(Action::SetRole).with("to", role);
        let users = &self.ports.users;
        match users.set_role(self.id, role, key.as_ref()).await {
            Ok(changed) => {
                self.ports.news.role_changed(self.id, role);
                self.ports.audit.push(record.with("from", changed.before));
                Ok(changed.user)
            }
            Err(error) => Err(self.refusal(error, record)),
        }
    }

    async fn remove(self, key: Option<KeyClaim>) -> Result<(), ManageUserError> {
        let record = self.record(Action::DeleteUser);
        let at = self.ports.runtime.clock.now();
        match self.ports.users.delete(self.id, at, key.as_ref()).await {
            Ok(()) => {
                self.ports.news.all_ended(self.id, None);
                self.ports.audit.push(record);
                Ok(())
            }
            Err(error) => Err(self.refusal(error, record)),
        }
    }

    /// The error, written down if it is a refusal or may not be true.
    fn refusal(&self, error: ChangeUserError, record: AuditRecord) -> ManageUserError {
        match error {
            ChangeUserError::NotFound => ManageUserError::NotFound,
            ChangeUserError::LastAdmin => {
                self.ports.audit.push(record.failed());
                ManageUserError::LastAdmin
            }
            ChangeUserError::KeyTaken => KeyError::InProgress.into(),
            ChangeUserError::Store(error) => {
                self.ports.audit.push(record.unknown());
                Failure::from(error).into()
            }
        }
    }

    fn record(&self, action: Action) -> AuditRecord {
        let (runtime, origin) = (&self.ports.runtime, &self.origin);
        AuditRecord::new(runtime.ids.audit_id(), runtime.clock.now(), action, origin)
            .by(self.by)
            .on_user(self.id)
    }
}

#[async_trait]
impl UserUseCases for UserService {
    async fn list(&self, filter: UserFilter, page: PageRequest) -> Result<Page<User>, Failure> {
        Ok(self.ports.users.list(&filter, page).await?)
    }

    async fn set_role(
        &self,
        id: UserId,
        role: Role,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<User>, ManageUserError> {
        let claim = self.ports.keys.claim(by, key);
        let change = self.change(id, by, origin).give_role(role, claim.clone());
        let work = self.in_own_task(change);
        let replay = |_| self.given_role(id, role);
        self.ports.keys.once(by, claim.as_ref(), work, replay).await
    }

    async fn delete(
        &self,
        id: UserId,
        by: Identity,
        key: Option<KeyUse>,
        origin: &Origin,
    ) -> Result<Done<()>, ManageUserError> {
        let claim = self.ports.keys.claim(by, key);
        let removal = self.change(id, by, origin).remove(claim.clone());
        let work = self.in_own_task(removal);
        let replay = |_| async { Ok(()) };
        self.ports.keys.once(by, claim.as_ref(), work, replay).await
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::access::MockAccessNews;
    use crate::audit::{MockAuditLog, Outcome};
    use crate::booking::MockBookingRepository;
    use crate::error::StoreError;
    use crate::event::MockEventRepository;
    use crate::test_runtime::{ADMIN, USER, origin, runtime};
    use crate::user::{Email, MockUserRepository, PersonName, RoleChanged};

    fn service(users: MockUserRepository, news: MockAccessNews, log: MockAuditLog) -> UserService {
        let ports = UserPorts {
            users: Arc::new(users),
            keys: RequestKeys {
                bookings: Arc::new(MockBookingRepository::new()),
                events: Arc::new(MockEventRepository::new()),
                runtime: runtime(),
            },
            news: Arc::new(news),
            audit: Arc::new(AuditBuffer::new(Arc::new(log))),
            runtime: runtime(),
        };
        UserService::new(ports, Duration::from_secs(60))
    }

    /// A log that gets one record, which `is_right`.
    fn log(is_right: impl Fn(&AuditRecord) -> bool + Send + 'static) -> MockAuditLog {
        let mut log = MockAuditLog::new();
        log.expect_append()
            .withf(move |records| records.len() == 1 && is_right(&records[0]))
            .times(1)
            .returning(|_| Ok(()));
        log
    }

    /// Users of whom each gets the role that is wished.
    fn changeable() -> MockUserRepository {
        let mut users = MockUserRepository::new();
        users.expect_set_role().returning(|id, role, _| {
            Ok(RoleChanged {
                user: User {
                    id,
                    name: PersonName::parse("Ada").unwrap(),
                    email: Email::parse("ada@example.com").unwrap(),
                    role,
                    created_at: crate::time::Timestamp::from_millis(0),
                },
                before: Role::User,
            })
        });
        users
    }

    fn away() -> ChangeUserError {
        StoreError::unavailable("mysql", "gone").into()
    }

    #[tokio::test]
    async fn a_new_role_is_told_and_written_down_with_the_old_one() {
        let mut news = MockAccessNews::new();
        news.expect_role_changed()
            .withf(|id, role| (*id, *role) == (USER.user_id, Role::Staff))
            .times(1)
            .return_const(());
        let log = log(|record| {
            (&record.details["from"], &record.details["to"]) == (&"user".into(), &"staff".into())
        });
        let service = service(changeable(), news, log);
        let user = service
            .set_role(USER.user_id, Role::Staff, ADMIN, None, &origin())
            .await;
        assert_eq!(user.unwrap().value.role, Role::Staff);
        service.ports.audit.flush().await.unwrap();
    }

    #[tokio::test]
    async fn a_deletion_ends_all_sessions() {
        let mut users = MockUserRepository::new();
        users.expect_delete().returning(|_, _, _| Ok(()));
        let mut news = MockAccessNews::new();
        news.expect_all_ended()
            .withf(|id, but| (*id, *but) == (USER.user_id, None))
            .times(1)
            .return_const(());
        let log = log(|record| record.outcome == Outcome::Success);
        let service = service(users, news, log);
        let deleted = service.delete(USER.user_id, USER, None, &origin()).await;
        assert!(deleted.is_ok());
        service.ports.audit.flush().await.unwrap();
    }

    #[tokio::test]
    async fn the_last_admin_stays_and_the_try_is_written_down() {
        let mut users = MockUserRepository::new();
        users
            .expect_delete()
            .returning(|_, _, _| Err(ChangeUserError::LastAdmin));
        let log = log(|record| record.outcome == Outcome::Failure);
        let service = service(users, MockAccessNews::new(), log);
        let refused = service.delete(ADMIN.user_id, ADMIN, None, &origin()).await;
        assert!(matches!(refused, Err(ManageUserError::LastAdmin)));
        service.ports.audit.flush().await.unwrap();
    }
    #[tokio::test(start_paused = true)]
    async fn a_client_that_hangs_up_takes_no_record_along() {
        let mut users = changeable();
        users.expect_delete().returning(|_, _, _| Ok(()));
        let mut news = MockAccessNews::new();
        news.expect_role_changed().times(1).return_const(());
        news.expect_all_ended().times(1).return_const(());
        let mut log = MockAuditLog::new();
        log.expect_append()
            .withf(|records| {
                let done = |record: &AuditRecord| record.outcome == Outcome::Success;
                records
                    .iter()
                    .map(|record| record.action)
                    .eq([Action::SetRole, Action::DeleteUser])
                    && records.iter().all(done)
                    && records[0].details["from"] == "user"
            })
            .times(1)
            .returning(|_| Ok(()));
        let (service, origin) = (service(users, news, log), origin());
        let (id, staff) = (USER.user_id, Role::Staff);
        let change = service.set_role(id, staff, ADMIN, None, &origin);
        assert!(change.now_or_never().is_none());
        let delete = service.delete(id, ADMIN, None, &origin);
        assert!(delete.now_or_never().is_none());
        tokio::time::sleep(Duration::from_secs(5)).await;
        service.ports.audit.flush().await.unwrap();
    }

    #[tokio::test]
    async fn what_may_have_been_done_is_written_down_as_unknown() {
        let mut users = MockUserRepository::new();
        users.expect_set_role().returning(|_, _, _| Err(away()));
        users.expect_delete().returning(|_, _, _| Err(away()));
        let mut log = MockAuditLog::new();
        log.expect_append()
            .withf(|records| {
                let unknown = |record: &AuditRecord| {
                    record.outcome == Outcome::Failure && record.details["unknown"] == true
                };
                records.len() == 2 && records.iter().all(unknown)
            })
            .times(1)
            .returning(|_| Ok(()));
        let (service, origin) = (service(users, MockAccessNews::new(), log), origin());
        let (id, staff) = (USER.user_id, Role::Staff);
        let changed = service.set_role(id, staff, ADMIN, None, &origin).await;
        assert!(matches!(changed, Err(ManageUserError::Failed(_))));
        let deleted = service.delete(id, ADMIN, None, &origin).await;
        assert!(matches!(deleted, Err(ManageUserError::Failed(_))));
        service.ports.audit.flush().await.unwrap();
    }
}
