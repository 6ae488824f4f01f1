//! The sessions.

use async_trait::async_trait;

use super::{MemoryRelational, Tables};
use crate::error::StoreError;
use crate::session::{
    LiveSession, NewSession, Opening, PasswordChange, RefreshTokenHash, RotateOutcome, Rotation,
    SessionId, SessionRepository,
};
use crate::time::Timestamp;
use crate::user::{Account, UserId};

#[derive(Debug)]
pub(super) struct Session {
    user_id: UserId,
    expires_at: Timestamp,
    ended: bool,
}

#[derive(Debug)]
pub(super) struct RefreshRow {
    session_id: SessionId,
    expires_at: Timestamp,
    used: bool,
}

impl Tables {
    /// The user of a session that is alive.
    fn alive(&self, id: SessionId, now: Timestamp) -> Option<&Account> {
        let session = self.sessions.get(&id)?;
        let lives = !session.ended && session.expires_at > now;
        self.users.get(&session.user_id).filter(|_| lives)
    }

    /// The account, if its password hash is the checked one still.
    fn unchanged(&mut self, id: UserId, checked: &str) -> Option<&mut Account> {
        let account = self.users.get_mut(&id)?;
        (account.password_hash.expose() == checked).then_some(account)
    }

    fn add_token(&mut self, hash: &RefreshTokenHash, session_id: SessionId, expires_at: Timestamp) {
        let row = RefreshRow {
            session_id,
            expires_at,
            used: false,
        };
        self.refresh_tokens.insert(hash.clone(), row);
    }

    fn rotate(&mut self, rotation: &Rotation) -> RotateOutcome {
        let Some(token) = self.refresh_tokens.get(&rotation.used) else {
            return RotateOutcome::Refused;
        };
        let (session_id, used) = (token.session_id, token.used);
        let Some(account) = self
            .alive(session_id, rotation.at)
            .filter(|_| token.expires_at > rotation.at)
        else {
            return RotateOutcome::Refused;
        };
        let user = account.user.clone();
        if used {
            self.end_sessions(|id, _| id == session_id);
            return RotateOutcome::Reused {
                session_id,
                user_id: user.id,
            };
        }
        if let Some(token) = self.refresh_tokens.get_mut(&rotation.used) {
            token.used = true;
        }
        if let Some(session) = self.sessions.get_mut(&session_id) {
            session.expires_at = rotation.expires_at;
        }
        self.add_token(&rotation.next, session_id, rotation.expires_at);
        RotateOutcome::Rotated { session_id, user }
    }

    fn end_sessions(&mut self, which: impl Fn(SessionId, UserId) -> bool) {
        self.sessions
            .iter_mut()
            .filter(|(id, session)| which(**id, session.user_id))
            .for_each(|(_, session)| session.ended = true);
    }
}

#[async_trait]
impl SessionRepository for MemoryRelational {
    async fn open(&self, session: &NewSession) -> Result<Opening, StoreError> {
        let mut tables = self.open()?;
        if tables
            .unchanged(session.user_id, session.checked.expose())
            .is_none()
        {
            return Ok(Opening::CredentialsChanged);
        }
        let row = Session {
            user_id: session.user_id,
            expires_at: session.expires_at,
            ended: false,
        };
        tables.sessions.insert(session.id, row);
        tables.add_token(&session.refresh, session.id, session.expires_at);
        Ok(Opening::Opened)
    }

    async fn rotate(&self, rotation: &Rotation) -> Result<RotateOutcome, StoreError> {
        Ok(self.open()?.rotate(rotation))
    }

    async fn end(&self, id: SessionId, _: Timestamp) -> Result<(), StoreError> {
        self.open()?.end_sessions(|session, _| session == id);
        Ok(())
    }

    async fn end_all(&self, user: UserId, _: Timestamp) -> Result<(), StoreError> {
        self.open()?.end_sessions(|_, of| of == user);
        Ok(())
    }

    async fn change_password(&self, change: &PasswordChange) -> Result<bool, StoreError> {
        let mut tables = self.open()?;
        let Some(account) = tables.unchanged(change.user_id, change.checked.expose()) else {
            return Ok(false);
        };
        account.password_hash = change.new.clone();
        tables.end_sessions(|id, of| of == change.user_id && id != change.keep);
        Ok(true)
    }

    async fn living(
        &self,
        ids: &[SessionId],
        now: Timestamp,
    ) -> Result<Vec<(SessionId, LiveSession)>, StoreError> {
        let tables = self.open()?;
        let one = |id: &SessionId| {
            let user = &tables.alive(*id, now)?.user;
            let alive = LiveSession {
                user_id: user.id,
                role: user.role,
            };
            Some((*id, alive))
        };
        Ok(ids.iter().filter_map(one).collect())
    }

    async fn forget_expired(&self, before: Timestamp, limit: u64) -> Result<bool, StoreError> {
        let mut tables = self.open()?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let tokens = tables.refresh_tokens.iter();
        let tokens: Vec<_> = tokens
            .filter(|(_, row)| row.expires_at < before)
            .map(|(hash, _)| hash.clone())
            .take(limit)
            .collect();
        let sessions = tables.sessions.iter();
        let sessions: Vec<_> = sessions
            .filter(|(_, row)| row.expires_at < before)
            .map(|(id, _)| *id)
            .take(limit)
            .collect();
        for hash in &tokens {
            tables.refresh_tokens.remove(hash);
        }
        for id in &sessions {
            tables.sessions.remove(id);
        }
        tables
            .refresh_tokens
            .retain(|_, row| !sessions.contains(&row.session_id));
        Ok(tokens.len() == limit || sessions.len() == limit)
    }
}
