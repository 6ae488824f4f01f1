//! Ending sessions.

use domain::session::PasswordChange;
use domain::time::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, UpdateMany};

use super::super::convert::to_column;
use super::super::entity::{sessions, users};
use super::super::transaction::{Verdict, Work};

/// Ends those of the sessions that have not ended.
pub(crate) fn end(which: Expr, at: Timestamp) -> UpdateMany<sessions::Entity> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::RevokedAt, Expr::val(to_column(at)))
        .filter(which)
        .filter(sessions::Column::RevokedAt.is_null())
}

impl Work for PasswordChange {
    type Done = bool;

    async fn steps(&self, on: &DatabaseTransaction) -> Result<Verdict<bool>, DbErr> {
        let changed = users::Entity::update_many()
            .col_expr(users::Column::PasswordHash, Expr::val(self.new.expose()))
            .filter(users::Column::Id.eq(self.user_id.get()))
            .filter(users::Column::DeletedAt.is_null())
            .filter(users::Column::PasswordHash.eq(self.checked.expose()))
            .exec(on)
            .await?;
        if changed.rows_affected == 0 {
            return Ok(Verdict::Drop(false));
        }
        let others = sessions::Column::UserId
            .eq(self.user_id.get())
            .and(sessions::Column::Id.ne(self.keep.to_string()));
        end(others, self.at).exec(on).await?;
        Ok(Verdict::Commit(true))
    }
}
