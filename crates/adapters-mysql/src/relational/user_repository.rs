//! The users.

use async_trait::async_trait;
use domain::error::StoreError;
use domain::idempotency::KeyClaim;
use domain::page::{Page, PageRequest};
use domain::time::Timestamp;
use domain::user::{
    Account, ChangeUserError, CreateAdminError, CreateUserError, Email, NewUser, PasswordHash,
    Role, RoleChanged, User, UserFilter, UserId, UserRepository,
};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, Select, Set,
};
use tokio::time::Instant;

use super::convert::{account, to_column};
use super::entity::users;
use super::fault::Fault;
use super::store::{CALL_LIMIT, SqlStore};
use super::transaction::{TransactionError, Verdict, Work, transact};
use super::user_changes::{Change, Deletion, RoleChange, an_admin, living, lock_admins};
use super::user_list;

/// [`UserRepository`] on a SQL store.
#[derive(Debug, Clone)]
pub struct SqlUserRepository {
    store: SqlStore,
}

impl SqlUserRepository {
    /// On `store`.
    pub fn new(store: SqlStore) -> Self {
        Self { store }
    }

    async fn one(&self, query: Select<users::Entity>) -> Result<Option<Account>, StoreError> {
        let row = self.store.read(query.one(self.store.reader())).await?;
        row.map(|row| account(&self.store, row)).transpose()
    }

    async fn change<T: Send, W: Work<Done = Change<T>>>(
        &self,
        work: W,
    ) -> Result<T, ChangeUserError> {
        let changed = match transact(&self.store, &work).await {
            // A role has no unique key, and a deleted user's address is nobody's.
            Err(TransactionError::RolledBack(Fault::Duplicate, _)) => {
                return Err(ChangeUserError::KeyTaken);
            }
            answer => answer.map_err(StoreError::from)?,
        };
        match changed {
            Change::Done(done) => Ok(done),
            Change::NotFound => Err(ChangeUserError::NotFound),
            Change::LastAdmin => Err(ChangeUserError::LastAdmin),
        }
    }

    fn is_duplicate(&self, error: &DbErr) -> bool {
        (self.store.dialect().fault)(error) == Fault::Duplicate
    }
}

async fn insert(on: &impl ConnectionTrait, user: &NewUser) -> Result<i64, DbErr> {
    let row = users::ActiveModel {
        name: Set(user.name.as_str().to_owned()),
        email: Set(user.email.as_str().to_owned()),
        email_key: Set(user.email.key()),
        password_hash: Set(user.password_hash.expose().to_owned()),
        role: Set(user.role.as_str().to_owned()),
        created_at: Set(to_column(user.created_at)),
        deleted_at: Set(None),
        ..Default::default()
    };
    users::Entity::insert(row)
        .exec(on)
        .await
        .map(|done| done.last_insert_id)
}

fn stored(id: i64, user: &NewUser) -> User {
    User {
        id: UserId::new(id),
        name: user.name.clone(),
        email: user.email.clone(),
        role: user.role,
        created_at: user.created_at,
    }
}

/// The id of the new admin, or `None` when there is one already.
async fn insert_if_first(
    on: &DatabaseTransaction,
    user: &NewUser,
) -> Result<Verdict<Option<i64>>, DbErr> {
    lock_admins(on).await?;
    if an_admin().one(on).await?.is_some() {
        return Ok(Verdict::Drop(None));
    }
    Ok(Verdict::Commit(Some(insert(on, user).await?)))
}

#[async_trait]
impl UserRepository for SqlUserRepository {
    async fn insert(&self, user: &NewUser) -> Result<User, CreateUserError> {
        let inserting = async {
            match insert(self.store.writer(), user).await {
                Ok(id) => Ok(Some(id)),
                Err(error) if self.is_duplicate(&error) => Ok(None),
                Err(error) => Err(self.store.error(error)),
            }
        };
        match self.store.bounded(inserting).await? {
            Some(id) => Ok(stored(id, user)),
            None => Err(CreateUserError::EmailTaken),
        }
    }

    async fn insert_first_admin(&self, user: &NewUser) -> Result<User, CreateAdminError> {
        let transaction = self.store.begin(Instant::now() + CALL_LIMIT).await?;
        let steps = transaction
            .steps(insert_if_first(transaction.on(), user))
            .await;
        match transaction.end(steps).await {
            Ok(Some(id)) => Ok(stored(id, user)),
            Ok(None) => Err(CreateAdminError::AdminExists),
            Err(TransactionError::RolledBack(Fault::Duplicate, _)) => {
                Err(CreateAdminError::EmailTaken)
            }
            Err(error) => Err(StoreError::from(error).into()),
        }
    }

    async fn admin_exists(&self) -> Result<bool, StoreError> {
        self.one(an_admin()).await.map(|admin| admin.is_some())
    }

    async fn find_by_email(&self, email: &Email) -> Result<Option<Account>, StoreError> {
        self.one(living().filter(users::Column::EmailKey.eq(email.key())))
            .await
    }

    async fn find(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let account = self.account(id).await?;
        Ok(account.map(|account| account.user))
    }

    async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError> {
        self.one(living().filter(users::Column::Id.eq(id.get())))
            .await
    }

    async fn replace_hash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        use users::Column;
        let replace = users::Entity::update_many()
            .col_expr(Column::PasswordHash, Expr::val(new.expose()))
            .filter(Column::Id.eq(id.get()))
            .filter(Column::DeletedAt.is_null())
            .filter(Column::PasswordHash.eq(old.expose()));
        let replaced = self.store.read(replace.exec(self.store.writer())).await?;
        Ok(replaced.rows_affected == 1)
    }

    async fn list(&self, filter: &UserFilter, page: PageRequest) -> Result<Page<User>, StoreError> {
        user_list::list(&self.store, filter, page).await
    }

    async fn set_role<'a>(
        &self,
        id: UserId,
        role: Role,
        key: Option<&'a KeyClaim>,
    ) -> Result<RoleChanged, ChangeUserError> {
        let row = self.change(RoleChange { id, role, key }).await?;
        let old = account(&self.store, row)?.user;
        Ok(RoleChanged {
            before: old.role,
            user: User { role, ..old },
        })
    }

    async fn delete<'a>(
        &self,
        id: UserId,
        at: Timestamp,
        key: Option<&'a KeyClaim>,
    ) -> Result<(), ChangeUserError> {
        self.change(Deletion { id, at, key }).await
    }
}
