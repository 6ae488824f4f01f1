//! What is known about the sessions that call: enough to refuse one that has ended without asking the
//! database at each request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{AccessControl, AccessNews, InvalidToken};
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
/// How long a look is waited for; together with [`USABLE`] within the five seconds in which an ended
/// session is refused.
const LOOK: Duration = Duration::from_millis(900);
/// Knowledge nobody asked for since then goes when there is much of it.
const IDLE: Duration = Duration::from_secs(60);
/// From this many sessions on it is looked for what may go.
const MANY: usize = 50_000;
/// The most sessions of one look.
const MAX_LOOK: usize = 1_000;

/// Admits callers by their token and by what the database said of their session in the last seconds.
///
/// Looks at the database are shared by all who need one at that moment. While the database is away, or
/// silent for most of a second, nobody can be looked up: then a valid token of a session not known to have
/// ended is believed, so that what needs only the other database goes on. What needs the users' database
/// fails anyhow.
pub struct SessionDirectory {
    signer: Arc<dyn TokenSigner>,
    health: Arc<dyn HealthView>,
    sessions_store: &'static str,
    runtime: Runtime,
    looks: GroupedReads<SessionId, LiveSession>,
    known: Arc<Known>,
}

#[derive(Default)]
struct Known(Mutex<HashMap<SessionId, Sighting>>);

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
        let age = self.now().saturating_sub(known.at);
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

    /// Looks at the database, if it is there; what is known then.
    async fn look(&self, session: SessionId) -> Option<Sighting> {
        if self.health.is_up(self.sessions_store) {
            // The answer comes by way of what is known, where news from this instance count too.
            self.runtime.within(LOOK, self.looks.ask(session)).await;
        }
        self.known.get(session)
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
        self.lock().get(&session).copied()
    }

    fn note(&self, ids: &[SessionId], living: &HashMap<SessionId, LiveSession>, at: Duration) {
        let mut known = self.lock();
        if known.len() > MANY {
            known.retain(|_, sighting| at.saturating_sub(sighting.at) < IDLE);
        }
        for id in ids {
            let alive = living.get(id).copied();
            let seen = known.entry(*id).or_insert(Sighting { alive, at });
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
            .iter_mut()
            .filter(|(_, seen)| seen.alive.is_some_and(|alive| alive.user_id == user))
            .for_each(|(id, seen)| change(id, seen));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Sighting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AccessControl for SessionDirectory {
    async fn admit(&self, token: &str) -> Result<Caller, InvalidToken> {
        let claims = self.signer.verify(token).map_err(|_| InvalidToken)?;
        let seen = match self.fresh(claims.session_id) {
            Some(seen) => Some(seen),
            None => self.look(claims.session_id).await,
        };
        caller(claims, seen)
    }
}

impl AccessNews for SessionDirectory {
    fn ended(&self, session: SessionId) {
        let ended = Sighting {
            alive: None,
            at: self.now(),
        };
        self.known.lock().insert(session, ended);
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
