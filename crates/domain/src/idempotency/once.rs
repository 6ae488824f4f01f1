//! Doing what a request asks for at most once.

use std::sync::Arc;

use super::{Done, Fingerprint, KeyClaim, KeyError, KeyUse};
use crate::booking::BookingRepository;
use crate::error::Failure;
use crate::event::{Event, EventRepository};
use crate::request::Identity;
use crate::runtime::Runtime;
use crate::user::Role;

/// What a store remembers of a key.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// What was asked for.
    pub fingerprint: Fingerprint,
    /// The event that was answered, if one was.
    pub event: Option<Event>,
}

/// The keys that both stores remember.
#[derive(Clone)]
pub struct RequestKeys {
    /// Knows the keys of bookings, cancellations and changes of users.
    pub bookings: Arc<dyn BookingRepository>,
    /// Knows the keys of changes of events.
    pub events: Arc<dyn EventRepository>,
    /// The machine.
    pub runtime: Runtime,
}

impl RequestKeys {
    /// What a store is to remember of a request of `by`.
    pub(crate) fn claim(&self, by: Identity, key: Option<KeyUse>) -> Option<KeyClaim> {
        key.map(|used| KeyClaim {
            user_id: by.user_id,
            used,
            at: self.runtime.clock.now(),
        })
    }

    /// Does `work`, which claims the key, unless it was done before under it: then `replay` makes the
    /// answer again.
    pub(crate) async fn once<T, E, R>(
        &self,
        by: Identity,
        claim: Option<&KeyClaim>,
        work: impl Future<Output = Result<T, E>>,
        replay: impl Fn(Remembered) -> R,
    ) -> Result<Done<T>, E>
    where
        E: From<KeyError> + From<Failure>,
        R: Future<Output = Result<T, E>>,
    {
        let Some(claim) = claim else {
            return work.await.map(Done::now);
        };
        if let Some(earlier) = self.look_up::<E>(by, claim).await? {
            return replay(earlier).await.map(Done::before);
        }
        match work.await {
            Ok(value) => Ok(Done::now(value)),
            // The first request of the key may have come between our look and our work, and then it is
            // the very reason of the refusal.
            Err(refusal) => match self.look_up::<E>(by, claim).await? {
                Some(earlier) => replay(earlier).await.map(Done::before),
                None => Err(refusal),
            },
        }
    }

    /// What is remembered of the claimed key, if it was used for the same request.
    async fn look_up<E>(&self, by: Identity, claim: &KeyClaim) -> Result<Option<Remembered>, E>
    where
        E: From<KeyError> + From<Failure>,
    {
        match self.find(by, claim).await? {
            Some(earlier) if earlier.fingerprint != claim.used.fingerprint => {
                Err(KeyError::Mismatch.into())
            }
            found => Ok(found),
        }
    }

    async fn find(&self, by: Identity, claim: &KeyClaim) -> Result<Option<Remembered>, Failure> {
        let key = claim.user_key();
        let found = self.bookings.find_by_keys(&[key]).await?;
        if let Some(request) = found.into_iter().flatten().next() {
            return Ok(Some(Remembered {
                fingerprint: request.fingerprint,
                event: None,
            }));
        }
        // Nobody else changes events, so nobody else's keys can be there.
        if by.role != Role::Admin {
            return Ok(None);
        }
        Ok(self.events.find_by_key(&claim.hash()).await?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::booking::{KeyedRequest, MockBookingRepository};
    use crate::error::StoreError;
    use crate::event::MockEventRepository;
    use crate::idempotency::IdempotencyKey;
    use crate::test_runtime::{ADMIN, USER, runtime};

    #[derive(Debug, thiserror::Error)]
    enum Problem {
        #[error("refused")]
        Refusal,
        #[error(transparent)]
        Key(#[from] KeyError),
        #[error(transparent)]
        Failed(#[from] Failure),
    }

    fn used(body: &str) -> KeyUse {
        KeyUse {
            key: IdempotencyKey::parse("key").unwrap(),
            fingerprint: Fingerprint::of_request("PUT", "/", body),
        }
    }

    fn request(body: &str) -> KeyedRequest {
        KeyedRequest {
            fingerprint: used(body).fingerprint,
            booking: None,
        }
    }

    /// Keys of which the look-ups in the bookings' store find `found`, one after the other.
    fn keys(found: Vec<Option<KeyedRequest>>) -> RequestKeys {
        let mut bookings = MockBookingRepository::new();
        let (count, mut found) = (found.len(), found.into_iter());
        bookings
            .expect_find_by_keys()
            .times(count)
            .returning(move |_| Ok(found.next().into_iter().collect()));
        RequestKeys {
            bookings: Arc::new(bookings),
            events: Arc::new(MockEventRepository::new()),
            runtime: runtime(),
        }
    }

    async fn once(
        keys: &RequestKeys,
        by: Identity,
        body: Option<&str>,
        work: Result<u32, Problem>,
    ) -> Result<Done<u32>, Problem> {
        let claim = keys.claim(by, body.map(used));
        let replay = |_| async { Ok(7) };
        keys.once(by, claim.as_ref(), async { work }, replay).await
    }

    #[tokio::test]
    async fn without_a_key_nothing_is_looked_up() {
        let done = once(&keys(vec![]), USER, None, Ok(1)).await;
        assert_eq!(done.unwrap(), Done::now(1));
        let refused = once(&keys(vec![]), USER, None, Err(Problem::Refusal)).await;
        assert!(matches!(refused, Err(Problem::Refusal)));
    }

    #[tokio::test]
    async fn a_new_key_lets_the_work_be_done() {
        let done = once(&keys(vec![None]), USER, Some("a"), Ok(1)).await;
        assert_eq!(done.unwrap(), Done::now(1));
    }

    #[tokio::test]
    async fn what_was_done_is_answered_again_and_not_done() {
        let keys = keys(vec![Some(request("a"))]);
        let done = once(&keys, USER, Some("a"), Ok(1)).await;
        assert_eq!(done.unwrap(), Done::before(7));
    }

    #[tokio::test]
    async fn another_request_under_the_key_is_refused() {
        let keys = keys(vec![Some(request("a"))]);
        let done = once(&keys, USER, Some("b"), Ok(1)).await;
        assert!(matches!(done, Err(Problem::Key(KeyError::Mismatch))));
    }

    #[tokio::test]
    async fn a_refusal_by_the_first_request_of_the_key_is_its_answer() {
        let keys = keys(vec![None, Some(request("a"))]);
        let done = once(&keys, USER, Some("a"), Err(Problem::Refusal)).await;
        assert_eq!(done.unwrap(), Done::before(7));
    }

    #[tokio::test]
    async fn a_refusal_of_a_new_key_stays_one() {
        let done = once(
            &keys(vec![None, None]),
            USER,
            Some("a"),
            Err(Problem::Refusal),
        )
        .await;
        assert!(matches!(done, Err(Problem::Refusal)));
    }

    #[tokio::test]
    async fn an_admins_key_is_looked_for_among_the_events_too() {
        let mut events = MockEventRepository::new();
        events.expect_find_by_key().times(1).returning(|_| {
            Ok(Some(Remembered {
                fingerprint: used("a").fingerprint,
                event: None,
            }))
        });
        let keys = RequestKeys {
            events: Arc::new(events),
            ..keys(vec![None])
        };
        let done = once(&keys, ADMIN, Some("b"), Ok(1)).await;
        assert!(matches!(done, Err(Problem::Key(KeyError::Mismatch))));
    }

    #[tokio::test]
    async fn without_a_look_nothing_is_done() {
        let mut bookings = MockBookingRepository::new();
        bookings
            .expect_find_by_keys()
            .returning(|_| Err(StoreError::unavailable("mysql", "gone")));
        let keys = RequestKeys {
            bookings: Arc::new(bookings),
            ..keys(vec![])
        };
        let claim = keys.claim(USER, Some(used("a")));
        let work = async { panic!("the key is not known to be new") };
        let replay = |_| async { Ok(7) };
        let done: Result<Done<u32>, Problem> = keys.once(USER, claim.as_ref(), work, replay).await;
        assert!(matches!(done, Err(Problem::Failed(_))));
    }
}
