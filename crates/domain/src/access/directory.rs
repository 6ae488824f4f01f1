//! What is known about the sessions that call: enough to refuse one that has ended without asking the
//! database at each request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{AccessControl, AccessNews, AdmitError, InvalidToken};
use crate::grouping::GroupedReads;
use crate::health::HealthView;
use crate::request::{Caller, Identity};
use crate::runtime::Runtime;
use crate::session::{LiveSession, SessionId, SessionRepository};
use crate::user::{Claims, Role, TokenSigner, UserId};

/// Up to this age knowledge is used as it is.
const FRESH: Duration = Duration::from_secs(2);
/// Up to this age it is used while a new look is on its way; beyond it the look is waited for.
const USABLE: Duration = Duration::from_secs(4);
/// Up to this age it is believed at all, as long as the database is there: within so long an ended session
/// is refused.
const OLDEST: Duration = Duration::from_secs(5);
/// How long a look is waited for; together with [`USABLE`] within [`OLDEST`].
const LOOK: Duration = Duration::from_millis(900);
/// Knowledge nobody asked for since then goes when there is much of it.
const IDLE: Duration = Duration::from_secs(60);
/// From this many sessions on it is looked for what may go.
const MANY: usize = 50_000;
/// The time between two times that it is looked for what may go.
const SWEEP: Duration = Duration::from_secs(5);
/// The most sessions of one look.
const MAX_LOOK: usize = 1_000;

/// Admits callers by their token and by what the database said of their session in the last seconds.
///
/// Looks at the database are shared by all who need one at that moment. If it is there and slow, nobody is
/// admitted by what is older than five seconds. While the database is away nobody can be looked up: then a
/// valid token of a session not known to have ended is believed, so that what needs only the other database
/// goes on. What needs the users' database fails anyhow.
pub struct SessionDirectory {
    signer: Arc<dyn TokenSigner>,
    health: Arc<dyn HealthView>,
    sessions_store: &'static str,
    runtime: Runtime,
    looks: GroupedReads<SessionId, LiveSession>,
    known: Arc<Known>,
}

#[derive(Default)]
struct Known(Mutex<Sightings>);

#[derive(Default)]
struct Sightings {
    by_session: HashMap<SessionId, Sighting>,
    /// When it was last looked for what may go.
    swept: Duration,
}

/// What a look at the database said of a session.
#[derive(Clone, Copy)]
struct Sighting {
    /// `None`: it has ended, or there is no such session. That is final.
    alive: Option<LiveSession>,
    /// When the look began, as the clock counts.
    at: Duration,
}

impl SessionDirectory {
    /// A directory that knows nobody yet; `sessions_store` is the name under which the sessions' store
    /// reports its health.
    pub fn new(
        sessions: Arc<dyn SessionRepository>,
        signer: Arc<dyn TokenSigner>,
        health: Arc<dyn HealthView>,
        sessions_store: &'static str,
        runtime: Runtime,
    ) -> Self {
        let known = Arc::new(Known::default());
        let looks = looks(sessions, Arc::clone(&known), &runtime);
        Self {
            signer,
            health,
            sessions_store,
            runtime,
            looks,
            known,
        }
    }

    /// What is known of the session, if that is fresh enough; has it renewed where it gets old.
    fn fresh(&self, session: SessionId) -> Option<Sighting> {
        let known = self.known.get(session)?;
        let age = self.age(known);
        match known.alive {
            None => Some(known),
            Some(_) if age < FRESH => Some(known),
            Some(_) if age < USABLE => {
                // The answer is written down when it comes; nobody waits for it.
                drop(self.looks.ask(session));
                Some(known)
            }
            Some(_) => None,
        }
    }

    /// Looks at the database, if it is there; what is known then. While it is away, anything goes.
    async fn look(&self, session: SessionId) -> Result<Option<Sighting>, AdmitError> {
        if self.is_up() {
            // The answer comes by way of what is known, where news from this instance count too.
            self.runtime.within(LOOK, self.looks.ask(session)).await;
        }
        let known = self.known.get(session);
        let counts = |seen: Sighting| seen.alive.is_none() || self.age(seen) <= OLDEST;
        if known.is_some_and(counts) || !self.is_up() {
            return Ok(known);
        }
        Err(AdmitError::Unavailable)
    }

    fn is_up(&self) -> bool {
        self.health.is_up(self.sessions_store)
    }

    fn age(&self, seen: Sighting) -> Duration {
        self.now().saturating_sub(seen.at)
    }

    fn now(&self) -> Duration {
        self.runtime.clock.monotonic()
    }
}

/// The shared looks: each writes down what it saw.
fn looks(
    sessions: Arc<dyn SessionRepository>,
    known: Arc<Known>,
    runtime: &Runtime,
) -> GroupedReads<SessionId, LiveSession> {
    let clock = Arc::clone(&runtime.clock);
    GroupedReads::new(
        "access",
        Arc::clone(&runtime.spawner),
        MAX_LOOK,
        Box::new(move |ids| {
            let sessions = Arc::clone(&sessions);
            let (known, clock) = (Arc::clone(&known), Arc::clone(&clock));
            Box::pin(async move {
                let at = clock.monotonic();
                let living = sessions.living(&ids, clock.now()).await?;
                let living: HashMap<SessionId, LiveSession> = living.into_iter().collect();
                known.note(&ids, &living, at);
                Ok(living)
            })
        }),
    )
}

impl Known {
    fn get(&self, session: SessionId) -> Option<Sighting> {
        self.lock().by_session.get(&session).copied()
    }

    fn note(&self, ids: &[SessionId], living: &HashMap<SessionId, LiveSession>, at: Duration) {
        let mut known = self.lock();
        known.sweep(at);
        for id in ids {
            let alive = living.get(id).copied();
            let seen = known
                .by_session
                .entry(*id)
                .or_insert(Sighting { alive, at });
            // What this instance did itself meanwhile is newer than the look.
            if seen.alive.is_some() && seen.at <= at {
                *seen = Sighting { alive, at };
            }
        }
    }

    /// Changes what is known of the sessions of a user.
    fn change(&self, user: UserId, mut change: impl FnMut(&SessionId, &mut Sighting)) {
        let mut known = self.lock();
        known
            .by_session
            .iter_mut()
            .filter(|(_, seen)| seen.alive.is_some_and(|alive| alive.user_id == user))
            .for_each(|(id, seen)| change(id, seen));
    }

    fn lock(&self) -> MutexGuard<'_, Sightings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sightings {
    /// Lets go what nobody asked for lately, if there is much. Not at each look: it goes through all of it.
    fn sweep(&mut self, at: Duration) {
        if self.by_session.len() <= MANY || at.saturating_sub(self.swept) < SWEEP {
            return;
        }
        self.swept = at;
        self.by_session
            .retain(|_, sighting| at.saturating_sub(sighting.at) < IDLE);
    }
}

#[async_trait]
impl AccessControl for SessionDirectory {
    async fn admit(&self, token: &str) -> Result<Caller, AdmitError> {
        let claims = self.signer.verify(token).map_err(|_| InvalidToken)?;
        let seen = match self.fresh(claims.session_id) {
            Some(seen) => Some(seen),
            None => self.look(claims.session_id).await?,
        };
        Ok(caller(claims, seen)?)
    }
}

impl AccessNews for SessionDirectory {
    fn ended(&self, session: SessionId) {
        let ended = Sighting {
            alive: None,
            at: self.now(),
        };
        self.known.lock().by_session.insert(session, ended);
    }

    fn all_ended(&self, user: UserId, but: Option<SessionId>) {
        self.known.change(user, |id, seen| {
            if Some(*id) != but {
                seen.alive = None;
            }
        });
    }

    fn role_changed(&self, user: UserId, role: Role) {
        // No fresher than before: whether the session is alive was not looked at.
        self.known.change(user, |_, seen| {
            seen.alive = Some(LiveSession {
                user_id: user,
                role,
            });
        });
    }
}

/// The caller, by what was seen of the session; by the token alone where nothing was.
fn caller(claims: Claims, seen: Option<Sighting>) -> Result<Caller, InvalidToken> {
    let said = LiveSession {
        user_id: claims.user_id,
        role: claims.role,
    };
    let alive = seen.map_or(Some(said), |sighting| sighting.alive);
    let LiveSession { user_id, role } = alive.ok_or(InvalidToken)?;
    if user_id != claims.user_id {
        return Err(InvalidToken);
    }
    Ok(Caller {
        identity: Identity { user_id, role },
        session_id: claims.session_id,
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn session(n: usize) -> SessionId {
        SessionId::new(Uuid::from_u128(n as u128))
    }

    #[test]
    fn what_may_go_is_looked_for_now_and_then() {
        let known = Known::default();
        let note = |ids: &[SessionId], at| known.note(ids, &HashMap::new(), at);
        let left = || known.lock().by_session.len();
        let many: Vec<_> = (0..=MANY).map(session).collect();
        note(&many, Duration::ZERO);
        note(&[session(MANY + 1)], IDLE);
        assert_eq!(left(), 1);
        // As many and as old once more; but it was just looked for what may go.
        note(&many, Duration::ZERO);
        note(&[session(MANY + 2)], IDLE + SWEEP / 2);
        assert_eq!(left(), MANY + 3);
        note(&[session(MANY + 2)], IDLE + SWEEP);
        assert_eq!(left(), 2);
    }
}
