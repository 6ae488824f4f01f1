//! The account use cases.

use std::sync::Arc;

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::{
    AccountUseCases, AdminGate, CreateAdminError, CreateUserError, NewAccount, NewUser,
    PasswordHasher, ProfileError, RegisterAdminError, RegisterError, Role, User, UserId,
    UserRepository,
};
use crate::audit::{Action, AuditBuffer, AuditRecord};
use crate::error::{Failure, StoreError};
use crate::request::{Identity, Origin};
use crate::runtime::Runtime;

/// What accounts work with.
#[derive(Clone)]
pub struct AccountPorts {
    /// The users.
    pub users: Arc<dyn UserRepository>,
    /// Hashes passwords.
    pub hasher: Arc<dyn PasswordHasher>,
    /// Takes audit records.
    pub audit: Arc<AuditBuffer>,
    /// The machine.
    pub runtime: Runtime,
}

/// How the first admin may be made.
#[derive(Clone, Default)]
pub struct AdminSetup {
    /// The token that lets a request make the first admin; `None`: no token does.
    pub token: Option<String>,
}

/// The account use cases.
pub struct AccountService {
    ports: AccountPorts,
    setup: AdminSetup,
}

impl AccountService {
    /// The use cases on `ports`.
    pub fn new(ports: AccountPorts, setup: AdminSetup) -> Self {
        Self { ports, setup }
    }

    /// Whether the gate is open to a first admin.
    fn opens_to_first_admin(&self, gate: &AdminGate) -> bool {
        let has_token = match (&self.setup.token, &gate.setup_token) {
            // Compared as digests in constant time: the time tells nothing about the token.
            (Some(ours), Some(theirs)) => bool::from(
                Sha256::digest(ours)
                    .as_slice()
                    .ct_eq(Sha256::digest(theirs).as_slice()),
            ),
            _ => false,
        };
        has_token || gate.loopback
    }

    async fn register_admin_by(
        &self,
        account: NewAccount,
        gate: &AdminGate,
    ) -> Result<User, RegisterAdminError> {
        if gate.caller.is_some_and(|caller| caller.role == Role::Admin) {
            let user = self.new_user(account, Role::Admin).await?;
            return Ok(self.ports.users.insert(&user).await?);
        }
        // Asked before the slow hash, so that a shut gate costs nothing; the insert asks again.
        if !self.opens_to_first_admin(gate) || self.ports.users.admin_exists().await? {
            return Err(RegisterAdminError::Forbidden);
        }
        let user = self.new_user(account, Role::Admin).await?;
        Ok(self.ports.users.insert_first_admin(&user).await?)
    }

    async fn new_user(&self, account: NewAccount, role: Role) -> Result<NewUser, Failure> {
        let password_hash = self.ports.hasher.hash(&account.password).await?;
        let created_at = self.ports.runtime.clock.now();
        Ok(NewUser {
            name: account.name,
            email: account.email,
            password_hash,
            role,
            created_at,
        })
    }

    /// Writes down that a user was made, or that it was refused; not that a store failed.
    fn record_creation(
        &self,
        action: Action,
        by: Option<Identity>,
        origin: &Origin,
        user: Option<&User>,
    ) {
        let mut record = self.record(action, origin);
        if let Some(by) = by {
            record = record.by(by);
        }
        record = match user {
            Some(user) => record.on_user(user.id).with("role", user.role.as_str()),
            None => record.failed(),
        };
        self.ports.audit.push(record);
    }

    fn record(&self, action: Action, origin: &Origin) -> AuditRecord {
        let runtime = &self.ports.runtime;
        AuditRecord::new(runtime.ids.audit_id(), runtime.clock.now(), action, origin)
    }
}

#[async_trait]
impl AccountUseCases for AccountService {
    async fn register(&self, account: NewAccount, origin: &Origin) -> Result<User, RegisterError> {
        let new = self.new_user(account, Role::User).await?;
        let result = self
            .ports
            .users
            .insert(&new)
            .await
            .map_err(RegisterError::from);
        if !matches!(result, Err(RegisterError::Failed(_))) {
            self.record_creation(Action::Register, None, origin, result.as_ref().ok());
        }
        result
    }

    async fn register_admin(
        &self,
        account: NewAccount,
        gate: AdminGate,
        origin: &Origin,
    ) -> Result<User, RegisterAdminError> {
        let result = self.register_admin_by(account, &gate).await;
        if !matches!(result, Err(RegisterAdminError::Failed(_))) {
            let made = result.as_ref().ok();
            self.record_creation(Action::CreateAdmin, gate.caller, origin, made);
        }
        result
    }

    async fn register_admin_as_operator(
        &self,
        account: NewAccount,
        origin: &Origin,
    ) -> Result<User, RegisterError> {
        let new = self.new_user(account, Role::Admin).await?;
        let user = self.ports.users.insert(&new).await?;
        self.record_creation(Action::CreateAdmin, None, origin, Some(&user));
        Ok(user)
    }

    async fn profile(&self, user: UserId) -> Result<User, ProfileError> {
        let found = self.ports.users.find(user).await.map_err(Failure::from)?;
        found.ok_or(ProfileError::Gone)
    }
}

impl From<CreateUserError> for RegisterError {
    fn from(error: CreateUserError) -> Self {
        match error {
            CreateUserError::EmailTaken => Self::EmailTaken,
            CreateUserError::Store(error) => Failure::from(error).into(),
        }
    }
}

impl From<CreateUserError> for RegisterAdminError {
    fn from(error: CreateUserError) -> Self {
        match error {
            CreateUserError::EmailTaken => Self::EmailTaken,
            CreateUserError::Store(error) => Failure::from(error).into(),
        }
    }
}

impl From<CreateAdminError> for RegisterAdminError {
    fn from(error: CreateAdminError) -> Self {
        match error {
            CreateAdminError::AdminExists => Self::Forbidden,
            CreateAdminError::EmailTaken => Self::EmailTaken,
            CreateAdminError::Store(error) => Failure::from(error).into(),
        }
    }
}

impl From<StoreError> for RegisterAdminError {
    fn from(error: StoreError) -> Self {
        Failure::from(error).into()
    }
}
