//! Password hashes with bcrypt, off the threads that serve requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use domain::metric::{Counter, Gauge, NO_LABELS};
use domain::user::{HashError, Password, PasswordAttempt, PasswordHash, PasswordHasher};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::telemetry::{HASHES_REFUSED, HASHES_WAITING};

/// The most hashes that wait for their turn: at 250 ms each, more would only wait past their deadline.
const MAX_WAITING: usize = 64;

/// The longest that one waits for a turn. A request has a little less than three seconds: what waits longer
/// would be dropped without an answer, and a sign-in must still say that it was not looked at.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// bcrypt with a bounded number of hashes at once, so that a flood of sign-ins leaves a core to those
/// who book.
pub(crate) struct BcryptHasher {
    cost: u32,
    runtime: Handle,
    turns: Arc<Semaphore>,
    queue: Queue,
    nobody: String,
}

impl BcryptHasher {
    /// Hashes of cost `cost` (2^cost rounds, 4 to 15) on the caller's runtime.
    pub(crate) fn new(cost: u32) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            cost,
            runtime: Handle::current(),
            turns: Arc::new(Semaphore::new((cores / 2).max(1))),
            queue: Queue::new(),
            // A well-formed hash of no known password: checked against when there is no account.
            nobody: format!("$2b${cost:02}$abcdefghijklmnopqrstuu5LvQ1yE2GmUQ6rCdVMZpOZEFTmcnoH2"),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, bcrypt::BcryptError> + Send + 'static,
    ) -> Result<T, HashError> {
        let place = Place::take(&self.queue).ok_or(HashError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned();
        let Ok(Ok(turn)) = timeout(LONGEST_WAIT, turn).await else {
            self.queue.refused.increment(1);
            return Err(HashError::Busy);
        };
        drop(place);
        // The turn goes into the thread: a caller who gives up does not let another hash in beside.
        let task = self.runtime.spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        let result = task
            .await
            .map_err(|error| HashError::Broken(error.into()))?;
        result.map_err(|error| HashError::Broken(error.into()))
    }
}

/// How many wait for their turn.
struct Queue {
    waiting: AtomicUsize,
    measured: Gauge,
    refused: Counter,
}

impl Queue {
    fn new() -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            measured: HASHES_WAITING.gauge(NO_LABELS),
            refused: HASHES_REFUSED.counter(NO_LABELS),
        }
    }
}

/// A place in the queue, left on drop.
struct Place<'a>(&'a Queue);

impl<'a> Place<'a> {
    fn take(queue: &'a Queue) -> Option<Self> {
        queue.measured.increment(1);
        let place = Self(queue);
        if queue.waiting.fetch_add(1, Ordering::Relaxed) < MAX_WAITING {
            return Some(place);
        }
        queue.refused.increment(1);
        None
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
        self.0.measured.decrement(1);
    }
}

#[async_trait]
impl PasswordHasher for BcryptHasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        let (password, cost) = (password.clone(), self.cost);
        self.run(move || bcrypt::hash(password.expose(), cost))
            .await
            .map(PasswordHash::new)
    }

    async fn verify<'a>(
        &self,
        attempt: &PasswordAttempt,
        hash: Option<&'a PasswordHash>,
    ) -> Result<bool, HashError> {
        let known = hash.is_some();
        let hash = hash.map_or_else(|| self.nobody.clone(), |hash| hash.expose().to_owned());
        let attempt = attempt.clone();
        let matches = self
            .run(move || bcrypt::verify(attempt.expose(), &hash))
            .await?;
        Ok(matches && known)
    }

    /// By its cost, which stands behind the version: `$2b$12$…`.
    fn is_outdated(&self, hash: &PasswordHash) -> bool {
        let cost = hash.expose().split('$').nth(2);
        cost.and_then(|cost| cost.parse().ok()) != Some(self.cost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(text: &str) -> PasswordAttempt {
        PasswordAttempt::parse(text).unwrap()
    }

    #[tokio::test]
    async fn a_password_matches_its_own_hash_only() {
        let hasher = BcryptHasher::new(4);
        let longest = "x".repeat(72);
        let hash = hasher
            .hash(&Password::parse(&longest).unwrap())
            .await
            .unwrap();
        assert!(
            hasher
                .verify(&attempt(&longest), Some(&hash))
                .await
                .unwrap()
        );
        assert!(
            !hasher
                .verify(&attempt(&"x".repeat(71)), Some(&hash))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn an_unknown_account_is_hashed_for_too_and_never_matches() {
        let hasher = BcryptHasher::new(4);
        for text in ["SecurePass@123", "x", &"long ".repeat(100)] {
            assert!(
                !hasher.verify(&attempt(text), None).await.unwrap(),
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_outdated() {
        let (now, before) = (BcryptHasher::new(5), BcryptHasher::new(4));
        let password = Password::parse("SecurePass@123").unwrap();
        assert!(!now.is_outdated(&now.hash(&password).await.unwrap()));
        let old = before.hash(&password).await.unwrap();
        assert!(now.is_outdated(&old));
        assert!(
            now.verify(&attempt("SecurePass@123"), Some(&old))
                .await
                .unwrap()
        );
        assert!(!now.is_outdated(&PasswordHash::new(now.nobody.clone())));
    }

    #[tokio::test]
    async fn more_than_can_wait_are_turned_away() {
        let hasher = BcryptHasher::new(4);
        let all = hasher.turns.available_permits();
        let turns = hasher
            .turns
            .acquire_many(u32::try_from(all).unwrap())
            .await
            .unwrap();
        let places: Vec<_> = (0..MAX_WAITING)
            .map(|_| Place::take(&hasher.queue))
            .collect();
        let password = Password::parse("SecurePass@123").unwrap();
        assert!(matches!(hasher.hash(&password).await, Err(HashError::Busy)));
        drop((places, turns));
        assert!(hasher.hash(&password).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_a_turn_until_the_request_is_dropped() {
        let hasher = BcryptHasher::new(4);
        let all = u32::try_from(hasher.turns.available_permits()).unwrap();
        let _turns = hasher.turns.acquire_many(all).await.unwrap();
        let refused = hasher.verify(&attempt("x"), None).await;
        assert!(matches!(refused, Err(HashError::Busy)));
        assert_eq!(hasher.queue.waiting.load(Ordering::Relaxed), 0);
    }
}
