//! Opening a session.

use domain::session::{NewSession, Opening, RefreshTokenHash};
use domain::time::Timestamp;
use sea_orm::{
    ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect, Set,
};

use super::super::convert::to_column;
use super::super::entity::{refresh_tokens, sessions, users};
use super::super::transaction::{Verdict, Work};

impl Work for NewSession {
    type Done = Opening;

    async fn steps(&self, on: &DatabaseTransaction) -> Result<Verdict<Opening>, DbErr> {
        // Locked: a change of the password waits until the session is there, and then ends it.
        let user = users::Entity::find_by_id(self.user_id.get())
            .filter(users::Column::DeletedAt.is_null())
            .filter(users::Column::PasswordHash.eq(self.checked.expose()))
            .lock_shared()
            .one(on)
            .await?;
        if user.is_none() {
            return Ok(Verdict::Drop(Opening::CredentialsChanged));
        }
        let id = self.id.to_string();
        let row = sessions::ActiveModel {
            id: Set(id.clone()),
            user_id: Set(self.user_id.get()),
            created_at: Set(to_column(self.at)),
            expires_at: Set(to_column(self.expires_at)),
            revoked_at: Set(None),
        };
        sessions::Entity::insert(row)
            .exec_without_returning(on)
            .await?;
        insert_token(on, &self.refresh, id, self.expires_at).await?;
        Ok(Verdict::Commit(Opening::Opened))
    }
}

/// Stores a refresh token that nobody has used.
pub(super) async fn insert_token(
    on: &DatabaseTransaction,
    hash: &RefreshTokenHash,
    session_id: String,
    expires_at: Timestamp,
) -> Result<(), DbErr> {
    let row = refresh_tokens::ActiveModel {
        hash: Set(hash.as_str().to_owned()),
        session_id: Set(session_id),
        expires_at: Set(to_column(expires_at)),
        used_at: Set(None),
    };
    refresh_tokens::Entity::insert(row)
        .exec_without_returning(on)
        .await
        .map(drop)
}
