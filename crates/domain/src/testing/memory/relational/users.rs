//! The users.

use async_trait::async_trait;

use super::super::page_of;
use super::{MemoryRelational, Tables};
use crate::error::StoreError;
use crate::idempotency::KeyClaim;
use crate::page::{Page, PageRequest};
use crate::search::SearchWord;
use crate::time::Timestamp;
use crate::user::{
    Account, ChangeUserError, CreateAdminError, CreateUserError, Email, NewUser, PasswordHash,
    Role, RoleChanged, User, UserFilter, UserId, UserRepository,
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

    /// The account, if there is one and it need not stay an admin's.
    fn changeable(&mut self, id: UserId, stays: bool) -> Result<&mut Account, ChangeUserError> {
        let others = |account: &&Account| account.user.id != id;
        let mut others = self.users.values().filter(others);
        let has_others = others.any(|account| account.user.role == Role::Admin);
        let account = self.users.get_mut(&id).ok_or(ChangeUserError::NotFound)?;
        if account.user.role == Role::Admin && !stays && !has_others {
            return Err(ChangeUserError::LastAdmin);
        }
        Ok(account)
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

    async fn replace_hash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        let mut tables = self.open()?;
        let account = tables.users.get_mut(&id);
        let account = account.filter(|account| account.password_hash == *old);
        let Some(account) = account else {
            return Ok(false);
        };
        account.password_hash = new.clone();
        Ok(true)
    }

    async fn list(&self, filter: &UserFilter, page: PageRequest) -> Result<Page<User>, StoreError> {
        let tables = self.open()?;
        let users = tables.users.values().map(|account| &account.user);
        let listed: Vec<&User> = users.filter(|user| is_wanted(filter, user)).collect();
        Ok(page_of(&listed, page, User::clone))
    }

    async fn set_role<'a>(
        &self,
        id: UserId,
        role: Role,
        key: Option<&'a KeyClaim>,
    ) -> Result<RoleChanged, ChangeUserError> {
        let mut tables = self.open()?;
        let key_is_free = tables.is_free(key);
        let account = tables.changeable(id, role == Role::Admin)?;
        if !key_is_free {
            return Err(ChangeUserError::KeyTaken);
        }
        let before = std::mem::replace(&mut account.user.role, role);
        let user = account.user.clone();
        tables.remember(key);
        Ok(RoleChanged { user, before })
    }

    async fn delete<'a>(
        &self,
        id: UserId,
        _: Timestamp,
        key: Option<&'a KeyClaim>,
    ) -> Result<(), ChangeUserError> {
        let mut tables = self.open()?;
        tables.changeable(id, false)?;
        if !tables.is_free(key) {
            return Err(ChangeUserError::KeyTaken);
        }
        tables.remember(key);
        tables.users.remove(&id);
        Ok(())
    }
}

fn is_wanted(filter: &UserFilter, user: &User) -> bool {
    let (name, email) = (user.name.as_str().to_lowercase(), user.email.key());
    let words = filter.search.iter().flat_map(|search| search.words());
    let has_role = filter.role.is_none_or(|role| role == user.role);
    has_role
        && words
            .into_iter()
            .map(SearchWord::lower_case)
            .all(|word| name.contains(&word) || email.contains(&word))
}
