//! The sessions. Lock order everywhere: the user, then sessions, then refresh tokens.

mod end;
mod forget;
mod open;
mod rotate;

use async_trait::async_trait;
use domain::error::{StoreError, chain};
use domain::session::{
    LiveSession, NewSession, Opening, PasswordChange, RotateOutcome, Rotation, SessionId,
    SessionRepository,
};
use domain::time::Timestamp;
use domain::user::UserId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, Select};

use super::convert::{role, to_column};
use super::entity::{sessions, users};
use super::statement_size::padded;
use super::store::SqlStore;
use super::transaction::transact;
pub(super) use end::end;

/// [`SessionRepository`] on a SQL store.
#[derive(Debug, Clone)]
pub struct SqlSessionRepository {
    store: SqlStore,
}

impl SqlSessionRepository {
    /// On `store`.
    pub fn new(store: SqlStore) -> Self {
        Self { store }
    }

    fn living_one(
        &self,
        (id, user, of): (String, i64, String),
    ) -> Result<(SessionId, LiveSession), StoreError> {
        let id = SessionId::parse(&id);
        let alive = LiveSession {
            user_id: UserId::new(user),
            role: role(&self.store, &of)?,
        };
        let id = id.ok_or_else(|| self.store.corrupt("a session has no id"))?;
        Ok((id, alive))
    }
}

/// The sessions that are alive, with their users.
fn alive(now: Timestamp) -> Select<sessions::Entity> {
    sessions::Entity::find()
        .inner_join(users::Entity)
        .filter(sessions::Column::RevokedAt.is_null())
        .filter(sessions::Column::ExpiresAt.gt(to_column(now)))
        .filter(users::Column::DeletedAt.is_null())
}

#[async_trait]
impl SessionRepository for SqlSessionRepository {
    async fn open(&self, session: &NewSession) -> Result<Opening, StoreError> {
        Ok(transact(&self.store, session).await?)
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<RotateOutcome, StoreError> {
        rotate::rotate(&self.store, rotation).await
    }

    async fn end(&self, id: SessionId, at: Timestamp) -> Result<(), StoreError> {
        let of_it = sessions::Column::Id.eq(id.to_string());
        let ending = end(of_it, at).exec(self.store.writer());
        self.store.read(ending).await.map(drop)
    }

    async fn end_all(&self, user: UserId, at: Timestamp) -> Result<(), StoreError> {
        let theirs = sessions::Column::UserId.eq(user.get());
        let ending = end(theirs, at).exec(self.store.writer());
        self.store.read(ending).await.map(drop)
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<bool, StoreError> {
        Ok(transact(&self.store, change).await?)
    }

    async fn living(
        &self,
        ids: &[SessionId],
        now: Timestamp,
    ) -> Result<Vec<(SessionId, LiveSession)>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = ids.iter().map(ToString::to_string).collect();
        let query = alive(now)
            .filter(sessions::Column::Id.is_in(padded(ids)))
            .select_only()
            .column(sessions::Column::Id)
            .column(users::Column::Id)
            .column(users::Column::Role)
            .into_tuple::<(String, i64, String)>();
        let rows = self.store.read(query.all(self.store.reader())).await?;
        let one = |row| self.living_one(row);
        // A row that makes no sense keeps out its own caller, and nobody else of the group.
        let told =
            |error: &StoreError| tracing::error!(error = chain(error), "a session is passed over");
        let sessions = rows.into_iter().map(|row| one(row).inspect_err(told));
        Ok(sessions.filter_map(Result::ok).collect())
    }

    async fn forget_expired(&self, before: Timestamp, limit: u64) -> Result<bool, StoreError> {
        forget::expired(&self.store, before, limit).await
    }
}
