//! What is done with users who are there: listing them, changing their role, deleting them.

use std::sync::Arc;

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
}

impl UserService {
    /// The use cases on `ports`.
    pub fn new(ports: UserPorts) -> Self {
        Self { ports }
    }

    fn record(&self, action: Action, id: UserId, by: Identity, origin: &Origin) -> AuditRecord {
        let runtime = &self.ports.runtime;
        let record = AuditRecord::new(runtime.ids.audit_id(), runtime.clock.now(), action, origin);
        record.by(by).on_user(id)
    }

    /// The error, written down if it is a refusal.
    fn refusal(&self, error: ChangeUserError, record: AuditRecord) -> ManageUserError {
        match error {
            ChangeUserError::NotFound => ManageUserError::NotFound,
            ChangeUserError::LastAdmin => {
                self.ports.audit.push(record.failed());
                ManageUserError::LastAdmin
            }
            ChangeUserError::KeyTaken => KeyError::InProgress.into(),
            ChangeUserError::Store(error) => Failure::from(error).into(),
        }
    }

    async fn give_role(
        &self,
        id: UserId,
        role: Role,
        by: Identity,
        key: Option<&KeyClaim>,
        origin: &Origin,
    ) -> Result<User, ManageUserError> {
        let record = self
            .record(Action::SetRole, id, by, origin)
            .with("to", role);
        match self.ports.users.set_role(id, role, key).await {
            Ok(changed) => {
                self.ports.news.role_changed(id, role);
                self.ports.audit.push(record.with("from", changed.before));
                Ok(changed.user)
            }
            Err(error) => Err(self.refusal(error, record)),
        }
    }

    /// What an earlier request was answered. Nothing but the role of a user ever changes, until the user
    /// is deleted; then nothing personal is left to be answered.
    async fn given_role(&self, id: UserId, role: Role) -> Result<User, ManageUserError> {
        let found = self.ports.users.find(id).await.map_err(Failure::from)?;
        let user = found.ok_or(ManageUserError::NotFound)?;
        Ok(User { role, ..user })
    }

    async fn remove(
        &self,
        id: UserId,
        by: Identity,
        key: Option<&KeyClaim>,
        origin: &Origin,
    ) -> Result<(), ManageUserError> {
        let record = self.record(Action::DeleteUser, id, by, origin);
        let at = self.ports.runtime.clock.now();
        match self.ports.users.delete(id, at, key).await {
            Ok(()) => {
                self.ports.news.all_ended(id, None);
                self.ports.audit.push(record);
                Ok(())
            }
            Err(error) => Err(self.refusal(error, record)),
        }
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
        let work = self.give_role(id, role, by, claim.as_ref(), origin);
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
        let work = self.remove(id, by, claim.as_ref(), origin);
        let replay = |_| async { Ok(()) };
        self.ports.keys.once(by, claim.as_ref(), work, replay).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::MockAccessNews;
    use crate::audit::{MockAuditLog, Outcome};
    use crate::booking::MockBookingRepository;
    use crate::event::MockEventRepository;
    use crate::test_runtime::{ADMIN, USER, origin, runtime};
    use crate::user::{Email, MockUserRepository, PersonName, RoleChanged};

    fn service(users: MockUserRepository, news: MockAccessNews, log: MockAuditLog) -> UserService {
        UserService::new(UserPorts {
            users: Arc::new(users),
            keys: RequestKeys {
                bookings: Arc::new(MockBookingRepository::new()),
                events: Arc::new(MockEventRepository::new()),
                runtime: runtime(),
            },
            news: Arc::new(news),
            audit: Arc::new(AuditBuffer::new(Arc::new(log))),
            runtime: runtime(),
        })
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

    #[tokio::test]
    async fn a_new_role_is_told_and_written_down_with_the_old_one() {
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
        let mut news = MockAccessNews::new();
        news.expect_role_changed()
            .withf(|id, role| (*id, *role) == (USER.user_id, Role::Staff))
            .times(1)
            .return_const(());
        let log = log(|record| {
            (&record.details["from"], &record.details["to"]) == (&"user".into(), &"staff".into())
        });
        let service = service(users, news, log);
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
}
