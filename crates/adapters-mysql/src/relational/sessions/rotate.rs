//! Using a refresh token up.

use domain::error::StoreError;
use domain::session::{RotateOutcome, Rotation, SessionId};
use domain::user::UserId;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter, QuerySelect};

use super::super::convert::{account, to_column};
use super::super::entity::{refresh_tokens, sessions, users};
use super::super::store::SqlStore;
use super::super::transaction::{Verdict, Work, transact};
use super::end::end;
use super::open::insert_token;

/// Uses a token; see [`SessionRepository::rotate`](domain::session::SessionRepository::rotate).
pub(super) async fn rotate(
    store: &SqlStore,
    rotation: &Rotation,
) -> Result<RotateOutcome, StoreError> {
    let Some(used) = transact(store, rotation).await? else {
        return Ok(RotateOutcome::Refused);
    };
    let session_id =
        SessionId::parse(&used.session.id).ok_or_else(|| store.corrupt("a session has no id"))?;
    if used.is_first {
        let user = account(store, used.user)?.user;
        return Ok(RotateOutcome::Rotated { session_id, user });
    }
    Ok(RotateOutcome::Reused {
        session_id,
        user_id: UserId::new(used.user.id),
    })
}

/// A token that was used, for the first time or not.
pub(crate) struct Used {
    session: sessions::Model,
    user: users::Model,
    is_first: bool,
}

impl Work for Rotation {
    type Done = Option<Used>;

    async fn steps(&self, on: &DatabaseTransaction) -> Result<Verdict<Option<Used>>, DbErr> {
        let Some((session, user)) = family(on, self).await? else {
            return Ok(Verdict::Drop(None));
        };
        let is_first = use_up(on, self).await?;
        let of_it = sessions::Column::Id.eq(session.id.as_str());
        if is_first {
            insert_token(on, &self.next, session.id.clone(), self.expires_at).await?;
            let until = Expr::val(to_column(self.expires_at));
            let renew = sessions::Entity::update_many()
                .col_expr(sessions::Column::ExpiresAt, until)
                .filter(of_it);
            renew.exec(on).await?;
        } else {
            end(of_it, self.at).exec(on).await?;
        }
        Ok(Verdict::Commit(Some(Used {
            session,
            user,
            is_first,
        })))
    }
}

/// The living session of a token that has not expired, and its user. The session is locked: all uses
/// within a family come one after the other.
async fn family(
    on: &DatabaseTransaction,
    rotation: &Rotation,
) -> Result<Option<(sessions::Model, users::Model)>, DbErr> {
    let now = to_column(rotation.at);
    let token = refresh_tokens::Entity::find_by_id(rotation.used.as_str())
        .filter(refresh_tokens::Column::ExpiresAt.gt(now));
    let Some(token) = token.one(on).await? else {
        return Ok(None);
    };
    let session = sessions::Entity::find_by_id(token.session_id)
        .filter(sessions::Column::RevokedAt.is_null())
        .filter(sessions::Column::ExpiresAt.gt(now))
        .lock_exclusive();
    let Some(session) = session.one(on).await? else {
        return Ok(None);
    };
    let user = users::Entity::find_by_id(session.user_id)
        .filter(users::Column::DeletedAt.is_null())
        .one(on)
        .await?;
    Ok(user.map(|user| (session, user)))
}

/// Whether this is the token's first use.
async fn use_up(on: &DatabaseTransaction, rotation: &Rotation) -> Result<bool, DbErr> {
    let used = refresh_tokens::Entity::update_many()
        .col_expr(
            refresh_tokens::Column::UsedAt,
            Expr::val(to_column(rotation.at)),
        )
        .filter(refresh_tokens::Column::Hash.eq(rotation.used.as_str()))
        .filter(refresh_tokens::Column::UsedAt.is_null())
        .exec(on)
        .await?;
    Ok(used.rows_affected == 1)
}
