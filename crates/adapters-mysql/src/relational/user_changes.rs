//! Changes of users who are there. Lock order everywhere: the admins' guard, the user, then what belongs
//! to the user.

use domain::idempotency::KeyClaim;
use domain::time::Timestamp;
use domain::user::{Role, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QuerySelect, Select,
};

use super::convert::to_column;
use super::entity::{admin_guard, sessions, users};
use super::keys::remember;
use super::sessions::end;
use super::transaction::{Verdict, Work};

/// The one row of `admin_guard`.
const GUARD: i32 = 1;

/// Those who are users still.
pub(super) fn living() -> Select<users::Entity> {
    users::Entity::find().filter(users::Column::DeletedAt.is_null())
}

/// Any admin.
pub(super) fn an_admin() -> Select<users::Entity> {
    living()
        .filter(users::Column::Role.eq(Role::Admin.as_str()))
        .limit(1)
}

/// Holds on to who the admins are: until the end of the transaction nobody becomes the first one, and none
/// stops to be one.
pub(super) async fn lock_admins(on: &DatabaseTransaction) -> Result<(), DbErr> {
    let guard = admin_guard::Entity::find_by_id(GUARD)
        .lock_exclusive()
        .one(on)
        .await?;
    guard
        .map(drop)
        .ok_or_else(|| DbErr::RecordNotFound("the row of admin_guard".to_owned()))
}

/// What became of a change.
pub(crate) enum Change<T> {
    Done(T),
    NotFound,
    LastAdmin,
}

/// Another role for a user.
pub(super) struct RoleChange<'a> {
    pub(super) id: UserId,
    pub(super) role: Role,
    pub(super) key: Option<&'a KeyClaim>,
}

/// The user as before.
impl Work for RoleChange<'_> {
    type Done = Change<users::Model>;

    async fn steps(&self, on: &DatabaseTransaction) -> Result<Verdict<Self::Done>, DbErr> {
        let stays = self.role == Role::Admin;
        let user = match lock(on, self.id, stays).await? {
            Change::Done(user) => user,
            refused => return Ok(Verdict::Drop(refused)),
        };
        remember(on, self.key.into_iter()).await?;
        let role = Expr::val(self.role.as_str());
        set(on, self.id, [(users::Column::Role, role)]).await?;
        Ok(Verdict::Commit(Change::Done(user)))
    }
}

/// The end of an account.
pub(super) struct Deletion<'a> {
    pub(super) id: UserId,
    pub(super) at: Timestamp,
    pub(super) key: Option<&'a KeyClaim>,
}

impl Work for Deletion<'_> {
    type Done = Change<()>;

    async fn steps(&self, on: &DatabaseTransaction) -> Result<Verdict<Self::Done>, DbErr> {
        match lock(on, self.id, false).await? {
            Change::Done(_) => {}
            Change::NotFound => return Ok(Verdict::Drop(Change::NotFound)),
            Change::LastAdmin => return Ok(Verdict::Drop(Change::LastAdmin)),
        }
        remember(on, self.key.into_iter()).await?;
        // No address has this form, so none is ever in its way.
        let nobody = format!("deleted:{}", self.id);
        let columns = [
            (users::Column::Name, Expr::val(nobody.as_str())),
            (users::Column::Email, Expr::val(nobody.as_str())),
            (users::Column::EmailKey, Expr::val(nobody.as_str())),
            (users::Column::PasswordHash, Expr::val("")),
            (users::Column::DeletedAt, Expr::val(to_column(self.at))),
        ];
        set(on, self.id, columns).await?;
        let theirs = sessions::Column::UserId.eq(self.id.get());
        end(theirs, self.at).exec(on).await?;
        Ok(Verdict::Commit(Change::Done(())))
    }
}

/// The user, locked, unless that is the last admin and does not stay one.
async fn lock(
    on: &DatabaseTransaction,
    id: UserId,
    stays: bool,
) -> Result<Change<users::Model>, DbErr> {
    lock_admins(on).await?;
    let user = living()
        .filter(users::Column::Id.eq(id.get()))
        .lock_exclusive()
        .one(on)
        .await?;
    let Some(user) = user else {
        return Ok(Change::NotFound);
    };
    if user.role != Role::Admin.as_str() || stays {
        return Ok(Change::Done(user));
    }
    let another = an_admin().filter(users::Column::Id.ne(id.get()));
    Ok(match another.one(on).await? {
        Some(_) => Change::Done(user),
        None => Change::LastAdmin,
    })
}

async fn set(
    on: &impl ConnectionTrait,
    id: UserId,
    columns: impl IntoIterator<Item = (users::Column, Expr)>,
) -> Result<(), DbErr> {
    let update = users::Entity::update_many().filter(users::Column::Id.eq(id.get()));
    let update = columns.into_iter().fold(update, |update, (column, value)| {
        update.col_expr(column, value)
    });
    update.exec(on).await.map(drop)
}
