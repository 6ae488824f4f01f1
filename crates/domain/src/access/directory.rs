//! What is known about the users who call: enough to refuse a deleted one without asking the
//! database at each request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{AccessControl, InvalidToken};
use crate::grouping::GroupedReads;
use crate::health::HealthView;
use crate::request::Identity;
use crate::runtime::Runtime;
use crate::user::{Claims, Role, TokenSigner, UserId, UserRepository};

/// Up to this age knowledge is used as it is.
const FRESH: Duration = Duration::from_secs(2);
/// Up to this age it is used while a new look is on its way; beyond it the look is waited for.
const USABLE: Duration = Duration::from_secs(4);
/// How long a look is waited for; together with [`USABLE`] within the five seconds in which a
/// deleted user is refused.
const LOOK: Duration = Duration::from_millis(900);
/// Knowledge nobody asked for since then goes when there is much of it.
const IDLE: Duration = Duration::from_secs(60);
/// From this many users on it is looked for what may go.
const MANY: usize = 50_000;
/// The most users of one look.
const MAX_LOOK: usize = 1_000;

/// Admits callers by their token and by what the database said of them in the last seconds.
///
/// Looks at the database are shared by all who need one at that moment. While the database is away
/// nobody can be looked up: then a valid token of a user not known to be deleted is believed, so that
/// what needs only the other database goes on. What needs the users' database fails anyhow.
pub struct UserDirectory {
    signer: Arc<dyn TokenSigner>,
    health: Arc<dyn HealthView>,
    users_store: &'static str,
    runtime: Runtime,
    looks: GroupedReads<UserId, Role>,
    known: Arc<Known>,
}

#[derive(Default)]
struct Known(Mutex<HashMap<UserId, Sighting>>);

/// What a look at the database said of a user.
#[derive(Clone, Copy)]
struct Sighting {
    /// `None`: there is no such user any more.
    role: Option<Role>,
    /// When the look began, as the clock counts.
    at: Duration,
}

impl UserDirectory {
    /// A directory that knows nobody yet; `users_store` is the name under which the users' store
    /// reports its health.
    pub fn new(
        users: Arc<dyn UserRepository>,
        signer: Arc<dyn TokenSigner>,
        health: Arc<dyn HealthView>,
        users_store: &'static str,
        runtime: Runtime,
    ) -> Self {
        let known = Arc::new(Known::default());
        let looks = looks(users, Arc::clone(&known), &runtime);
        Self {
            signer,
            health,
            users_store,
            runtime,
            looks,
            known,
        }
    }

    /// What the database says of the user now, waiting for it if it is there.
    async fn look(&self, user: UserId) -> Option<Sighting> {
        if !self.health.is_up(self.users_store) {
            return None;
        }
        let answer = self.runtime.within(LOOK, self.looks.ask(user)).await?;
        let role = answer.ok()?.ok()?;
        Some(Sighting {
            role,
            at: self.runtime.clock.monotonic(),
        })
    }
}

/// The shared looks: each writes down what it saw.
fn looks(
    users: Arc<dyn UserRepository>,
    known: Arc<Known>,
    runtime: &Runtime,
) -> GroupedReads<UserId, Role> {
    let clock = Arc::clone(&runtime.clock);
    GroupedReads::new(
        Arc::clone(&runtime.spawner),
        MAX_LOOK,
        Box::new(move |ids| {
            let (users, known, clock) =
                (Arc::clone(&users), Arc::clone(&known), Arc::clone(&clock));
            Box::pin(async move {
                let at = clock.monotonic();
                let roles: HashMap<UserId, Role> = users.roles(&ids).await?.into_iter().collect();
                known.note(&ids, &roles, at);
                Ok(roles)
            })
        }),
    )
}

impl Known {
    fn get(&self, user: UserId) -> Option<Sighting> {
        self.lock().get(&user).copied()
    }

    fn note(&self, ids: &[UserId], roles: &HashMap<UserId, Role>, at: Duration) {
        let mut known = self.lock();
        if known.len() > MANY {
            known.retain(|_, sighting| at.saturating_sub(sighting.at) < IDLE);
        }
        known.extend(ids.iter().map(|id| {
            (
                *id,
                Sighting {
                    role: roles.get(id).copied(),
                    at,
                },
            )
        }));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Sighting>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl AccessControl for UserDirectory {
    async fn admit(&self, token: &str) -> Result<Identity, InvalidToken> {
        let claims = self.signer.verify(token).map_err(|_| InvalidToken)?;
        let known = self.known.get(claims.user_id);
        let age = known.map(|seen| self.runtime.clock.monotonic().saturating_sub(seen.at));
        let seen = match age {
            Some(age) if age < FRESH => known,
            Some(age) if age < USABLE => {
                // The answer is written down when it comes; nobody waits for it.
                drop(self.looks.ask(claims.user_id));
                known
            }
            _ => self.look(claims.user_id).await.or(known),
        };
        identity(claims, seen)
    }
}

fn identity(claims: Claims, seen: Option<Sighting>) -> Result<Identity, InvalidToken> {
    let role = seen
        .map_or(Some(claims.role), |sighting| sighting.role)
        .ok_or(InvalidToken)?;
    Ok(Identity {
        user_id: claims.user_id,
        role,
    })
}
