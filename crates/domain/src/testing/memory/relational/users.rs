//! The users.

use async_trait::async_trait;

use super::{MemoryRelational, Tables};
use crate::error::StoreError;
use crate::user::{
    Account, CreateAdminError, CreateUserError, Email, NewUser, Role, User, UserId, UserRepository,
};

impl Tables {
    fn account_of(&self, email: &Email) -> Option<&Account> {
        let key = email.key();
        let mut accounts = self.users.values();
        accounts.find(|account| account.user.email.key() == key)
    }

    fn has_admin(&self) -> bool {
        let mut accounts = self.users.values();
        accounts.any(|account| account.user.role == Role::Admin)
    }

    fn insert_user(&mut self, user: &NewUser) -> User {
        self.last_user += 1;
        let id = UserId::new(self.last_user);
        let stored = User {
            id,
            name: user.name.clone(),
            email: user.email.clone(),
            role: user.role,
            created_at: user.created_at,
        };
        let account = Account {
            user: stored.clone(),
            password_hash: user.password_hash.clone(),
        };
        self.users.insert(id, account);
        stored
    }
}

#[async_trait]
impl UserRepository for MemoryRelational {
    async fn insert(&self, user: &NewUser) -> Result<User, CreateUserError> {
        let mut tables = self.open()?;
        if tables.account_of(&user.email).is_some() {
            return Err(CreateUserError::EmailTaken);
        }
        Ok(tables.insert_user(user))
    }

    async fn insert_first_admin(&self, user: &NewUser) -> Result<User, CreateAdminError> {
        let mut tables = self.open()?;
        if tables.has_admin() {
            return Err(CreateAdminError::AdminExists);
        }
        if tables.account_of(&user.email).is_some() {
            return Err(CreateAdminError::EmailTaken);
        }
        Ok(tables.insert_user(user))
    }

    async fn admin_exists(&self) -> Result<bool, StoreError> {
        Ok(self.open()?.has_admin())
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        Ok(self.open()?.account_of(email).cloned())
    }

    async fn find(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let tables = self.open()?;
        Ok(tables.users.get(&id).map(|account| account.user.clone()))
    }

    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        Ok(self.open()?.users.get(&id).cloned())
    }
}
