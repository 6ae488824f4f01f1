//! The whole protocol over the in-memory stores, with seeded faults at every call: an error before
//! it took effect, an error after (done, but the answer lost), or a pause. Afterwards recovery and
//! the relay run, and the stock must be whole.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;

use super::*;
use crate::error::StoreError;
use crate::event::{
    Capacity, Description, EventDetails, EventId, EventRepository, Location, Metadata, NewEvent,
    Title,
};
use crate::grouping::GroupLimits;
use crate::health::MockHealthView;
use crate::page::{Page, PageRequest};
use crate::request::Identity;
use crate::runtime::Runtime;
use crate::stock::*;
use crate::test_runtime::{origin, runtime};
use crate::testing::MemoryBackend;
use crate::time::Timestamp;
use crate::user::{Email, NewUser, PasswordHash, PersonName, Role, UserId, UserRepository};

const TICKETS: i64 = 60;
const CALLERS: u64 = 64;
const SEEDS: u64 = 60;
const GRACE: Duration = Duration::from_secs(30);

/// Decides what happens to each call; the same seed, the same decisions.
struct Dice {
    state: AtomicU64,
    calm: AtomicBool,
    runtime: Runtime,
}

#[derive(PartialEq)]
enum Fate {
    Done,
    ErrorBefore,
    ErrorAfter,
}

impl Dice {
    fn next(&self) -> u64 {
        // xorshift64*: small, and good enough to spread faults.
        let mut x = self.state.load(Ordering::Relaxed);
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.state.store(x, Ordering::Relaxed);
        x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33
    }

    async fn throw(&self) -> Fate {
        if self.calm.load(Ordering::Relaxed) {
            return Fate::Done;
        }
        let pause = Duration::from_millis(self.next() % 50);
        self.runtime.timer.sleep(pause).await;
        match self.next() % 10 {
            0 => Fate::ErrorBefore,
            1 => Fate::ErrorAfter,
            _ => Fate::Done,
        }
    }
}

fn lost() -> StoreError {
    StoreError::unavailable("faulty", "the dice said so")
}

/// Runs a call on the store inside, or fails before or after it.
macro_rules! with_fate {
    ($self:ident, $error:expr, $call:expr) => {{
        let fate = $self.dice.throw().await;
        if fate == Fate::ErrorBefore {
            return Err($error(lost()));
        }
        let result = $call.await;
        if fate == Fate::ErrorAfter {
            return Err($error(lost()));
        }
        result
    }};
}

struct FaultyStock {
    inner: Arc<dyn StockRepository>,
    dice: Arc<Dice>,
}

#[async_trait]
impl StockRepository for FaultyStock {
    async fn reserve(&self, batch: &StockBatch) -> Result<Vec<ReserveOutcome>, ReserveError> {
        with_fate!(self, ReserveError::Unknown, self.inner.reserve(batch))
    }
    async fn settle(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        with_fate!(self, |e| e, self.inner.settle(holds))
    }
    async fn release(&self, holds: &[HoldRef]) -> Result<(), StoreError> {
        with_fate!(self, |e| e, self.inner.release(holds))
    }
    async fn apply_returns(&self, returns: &[StockReturn]) -> Result<(), StoreError> {
        with_fate!(self, |e| e, self.inner.apply_returns(returns))
    }
    async fn stale_holds(&self, age: Duration, limit: usize) -> Result<Vec<Hold>, StoreError> {
        self.inner.stale_holds(age, limit).await
    }
    async fn close(&self, event: EventId, token: ClosingToken) -> Result<ClosingState, StoreError> {
        self.inner.close(event, token).await
    }
    async fn closing_state(
        &self,
        event: EventId,
        token: ClosingToken,
    ) -> Result<ClosingState, StoreError> {
        self.inner.closing_state(event, token).await
    }
    async fn reopen(&self, event: EventId, token: ClosingToken) -> Result<(), StoreError> {
        self.inner.reopen(event, token).await
    }
    async fn delete_closed(&self, event: EventId, token: ClosingToken) -> Result<bool, StoreError> {
        self.inner.delete_closed(event, token).await
    }
    async fn stale_closings(
        &self,
        age: Duration,
        limit: usize,
    ) -> Result<Vec<StaleClosing>, StoreError> {
        self.inner.stale_closings(age, limit).await
    }
}

struct FaultyBookings {
    inner: Arc<dyn BookingRepository>,
    dice: Arc<Dice>,
}

#[async_trait]
impl BookingRepository for FaultyBookings {
    async fn commit(&self, group: &[NewBooking]) -> Result<Vec<CommitOutcome>, CommitError> {
        with_fate!(self, CommitError::Unknown, self.inner.commit(group))
    }
    async fn find_by_keys(
        &self,
        keys: &[UserKey],
    ) -> Result<Vec<Option<KeyedBooking>>, StoreError> {
        with_fate!(self, |e| e, self.inner.find_by_keys(keys))
    }
    async fn find_reservations(
        &self,
        ids: &[ReservationId],
    ) -> Result<Vec<ReservationRow>, StoreError> {
        with_fate!(self, |e| e, self.inner.find_reservations(ids))
    }
    async fn fence(&self, holds: &[HoldRef]) -> Result<Vec<FenceOutcome>, StoreError> {
        with_fate!(self, |e| e, self.inner.fence(holds))
    }
    async fn cancel(&self, group: &[Cancellation]) -> Result<Vec<CancelOutcome>, CommitError> {
        with_fate!(self, CommitError::Unknown, self.inner.cancel(group))
    }
    async fn list_for_user(
        &self,
        user: UserId,
        page: PageRequest,
    ) -> Result<Page<Booking>, StoreError> {
        self.inner.list_for_user(user, page).await
    }
    async fn any_trace_of(&self, event: EventId) -> Result<bool, StoreError> {
        self.inner.any_trace_of(event).await
    }
    async fn forget_keys(&self, before: Timestamp, limit: u64) -> Result<u64, StoreError> {
        self.inner.forget_keys(before, limit).await
    }
}

struct Scene {
    store: MemoryBackend,
    dice: Arc<Dice>,
    service: BookingService,
    settler: Arc<Settler>,
    relay: Arc<Relay>,
    event: EventId,
    callers: Vec<Identity>,
}

impl Scene {
    async fn new(seed: u64) -> Self {
        let (store, runtime) = (MemoryBackend::new(), runtime());
        let state = AtomicU64::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let dice = Arc::new(Dice {
            state,
            calm: AtomicBool::new(false),
            runtime: runtime.clone(),
        });
        let stock: Arc<dyn StockRepository> = Arc::new(FaultyStock {
            inner: store.documents.clone(),
            dice: dice.clone(),
        });
        let bookings: Arc<dyn BookingRepository> = Arc::new(FaultyBookings {
            inner: store.relational.clone(),
            dice: dice.clone(),
        });
        let settler = Arc::new(Settler::new(stock.clone()));
        let relay = Arc::new(Relay::new(
            store.relational.clone(),
            stock.clone(),
            store.documents.clone(),
        ));
        let mut health = MockHealthView::new();
        health.expect_is_up().return_const(true);
        let ports = BookingPorts {
            bookings,
            stock,
            events: store.documents.clone(),
            health: Arc::new(health),
            settler: settler.clone(),
            relay: relay.clone(),
            runtime,
        };
        let settings = BookingSettings {
            groups: GroupLimits::default(),
            grace: GRACE,
            deadline: Duration::from_secs(20),
            bookings_store: "mysql",
            stock_store: "mongodb",
        };
        let event = make_event(&store).await;
        let callers = make_callers(&store).await;
        let service = BookingService::new(ports, settings);
        Self {
            store,
            dice,
            service,
            settler,
            relay,
            event,
            callers,
        }
    }

    /// One caller: books under a key, again after a failure, and every third one cancels.
    async fn call(&self, n: usize, seen: &Mutex<HashMap<usize, BookingId>>) {
        let wish = BookTickets {
            event_id: self.event,
            quantity: Quantity::new(i64::try_from(n % 3 + 1).unwrap()).unwrap(),
            key: Some(IdempotencyKey::parse(&format!("key-{n}")).unwrap()),
        };
        for _ in 0..4 {
            match self
                .service
                .book(wish.clone(), self.callers[n], &origin())
                .await
            {
                Ok(booked) => {
                    let earlier = seen.lock().unwrap().insert(n, booked.booking.id);
                    assert!(
                        earlier.is_none_or(|id| id == booked.booking.id),
                        "one key, one booking"
                    );
                    if n.is_multiple_of(3) {
                        let id = booked.booking.id;
                        let _ = self.service.cancel(id, self.callers[n], &origin()).await;
                    }
                }
                Err(BookError::Failed(_) | BookError::KeyInProgress | BookError::SoldOut) => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    /// The faults are over: background work to its end, as after a restart.
    async fn recover(&self) {
        self.dice.calm.store(true, Ordering::Relaxed);
        // The flows that still resolve something in the background come to their end.
        tokio::time::sleep(GRACE * 2).await;
        self.settler.flush().await.unwrap();
        self.store.clock.advance(GRACE * 2);
        let recovery = Recovery::new(
            self.store.documents.clone(),
            self.store.relational.clone(),
            GRACE,
        );
        recovery.round().await.unwrap();
        self.relay.drain().await.unwrap();
    }

    fn assert_whole(&self, seed: u64, seen: &HashMap<usize, BookingId>) {
        let stock = self.store.documents.stock_of(self.event).unwrap();
        let rows = self.store.relational.rows();
        let bookings: Vec<&Booking> = rows.iter().filter_map(|row| row.booking.as_ref()).collect();
        let sold: u32 = bookings
            .iter()
            .filter(|booking| booking.status == BookingStatus::Confirmed)
            .map(|booking| booking.quantity.get())
            .sum();
        assert_eq!(stock.holds, [], "seed {seed}: nothing is on its way");
        assert_eq!(
            stock.total - stock.available,
            sold,
            "seed {seed}: what is gone is sold"
        );
        for id in seen.values() {
            assert!(
                bookings.iter().any(|booking| booking.id == *id),
                "seed {seed}: {id} was promised"
            );
        }
        let mut owners: Vec<UserId> = bookings.iter().map(|booking| booking.user_id).collect();
        owners.sort();
        owners.dedup();
        assert_eq!(
            owners.len(),
            bookings.len(),
            "seed {seed}: one booking per key"
        );
    }
}

async fn make_event(store: &MemoryBackend) -> EventId {
    let id = runtime().ids.event_id();
    let details = EventDetails {
        title: Title::parse("Concert").unwrap(),
        description: Description::parse("").unwrap(),
        date: Timestamp::parse("9999-01-01T00:00:00Z").unwrap(),
        location: Location::parse("Hall").unwrap(),
        capacity: Capacity::new(TICKETS).unwrap(),
        metadata: Metadata::default(),
    };
    let created_at = Timestamp::from_millis(0);
    let new = NewEvent {
        id,
        details,
        created_by: UserId::new(1),
        created_at,
    };
    store.documents.insert(&new).await.unwrap();
    id
}

async fn make_callers(store: &MemoryBackend) -> Vec<Identity> {
    let mut callers = Vec::new();
    for n in 0..CALLERS {
        let user = NewUser {
            name: PersonName::parse("Caller").unwrap(),
            email: Email::parse(&format!("caller{n}@example.com")).unwrap(),
            password_hash: PasswordHash::new("hash".to_owned()),
            role: Role::User,
            created_at: Timestamp::from_millis(0),
        };
        let user = store.relational.insert(&user).await.unwrap();
        callers.push(Identity {
            user_id: user.id,
            role: Role::User,
        });
    }
    callers
}

#[tokio::test(start_paused = true)]
async fn the_stock_is_whole_whatever_call_fails() {
    for seed in 1..=SEEDS {
        let scene = Scene::new(seed).await;
        let seen = Mutex::default();
        join_all((0..scene.callers.len()).map(|n| scene.call(n, &seen))).await;
        scene.recover().await;
        scene.assert_whole(seed, &seen.into_inner().unwrap());
    }
}
