//! How to unit-test a use case from outside `domain`, with the mocks of its ports.
//!
//! Three things make it work, and each is a few lines:
//!
//! 1. In `Cargo.toml`: `domain = { workspace = true, features = ["testing"] }` under
//!    `[dev-dependencies]`. The feature adds a mock beside each port, `MockStockRepository` beside
//!    `StockRepository`, and tame doubles of the machine (`domain::testing`).
//! 2. A mock per port, told what it will be asked and what it answers. A call that nobody expected
//!    panics, and so does an expected one that does not come: what a test does not mention must not
//!    happen.
//! 3. A [`Runtime`]: a clock that stands still, ids that count, and tasks on the test's own tokio.
//!
//! With these the booking use case runs as in the server, over stores that do exactly what the test
//! says. To try a flow against stores that really keep something, take
//! `domain::testing::MemoryBackend` instead.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::audit::{Action, MockAuditLog};
use domain::booking::{
    BookError, BookTickets, Booking, BookingId, BookingPorts, BookingService, BookingSettings,
    BookingStatus, BookingUseCases, CommitError, CommitOutcome, FenceOutcome,
    MockBookingRepository, MockOutboxRepository, NewBooking, Quantity,
};
use domain::error::StoreError;
use domain::event::{EventId, MockEventRepository};
use domain::grouping::GroupLimits;
use domain::health::MockHealthView;
use domain::idempotency::Done;
use domain::request::{Identity, Origin, RequestId};
use domain::runtime::{Runtime, Spawner, Task};
use domain::stock::{
    HoldRef, MockStockRepository, Refusal, Relay, ReserveOutcome, Settler, StockBatch,
};
use domain::testing::{ManualClock, SequentialIds};
use domain::user::{Role, UserId};
use mockall::Sequence;

/// Who books in these tests.
const JOHN: Identity = Identity {
    user_id: UserId::new(7),
    role: Role::User,
};

/// Tasks run on the runtime of `#[tokio::test]`.
struct TokioTasks;

impl Spawner for TokioTasks {
    fn spawn(&self, task: Task) {
        tokio::spawn(task);
    }
}

/// The machine: time stands still unless a test moves it, and ids count up.
fn runtime() -> Runtime {
    let clock = Arc::new(ManualClock::default());
    Runtime {
        clock: clock.clone(),
        timer: clock,
        spawner: Arc::new(TokioTasks),
        ids: Arc::new(SequentialIds::new()),
    }
}

/// The use case over the two ports that matter to a booking. The others stay silent mocks: whoever
/// calls them fails the test.
fn service(stock: MockStockRepository, bookings: MockBookingRepository) -> BookingService {
    let stock = Arc::new(stock);
    let mut health = MockHealthView::new();
    health.expect_is_up().return_const(true);
    let relay = Relay::new(
        Arc::new(MockOutboxRepository::new()),
        stock.clone(),
        Arc::new(MockAuditLog::new()),
    );
    let ports = BookingPorts {
        bookings: Arc::new(bookings),
        events: Arc::new(MockEventRepository::new()),
        health: Arc::new(health),
        settler: Arc::new(Settler::new(stock.clone())),
        relay: Arc::new(relay),
        runtime: runtime(),
        stock,
    };
    let settings = BookingSettings {
        groups: GroupLimits::default(),
        grace: Duration::from_secs(30),
        deadline: Duration::from_secs(3),
        bookings_store: "mysql",
        stock_store: "mongodb",
    };
    BookingService::new(ports, settings)
}

fn event() -> EventId {
    EventId::parse("507f1f77bcf86cd799439011").unwrap()
}

/// John books two tickets.
async fn book(service: &BookingService) -> Result<Done<Booking>, BookError> {
    let wish = BookTickets {
        event_id: event(),
        quantity: Quantity::new(2).unwrap(),
        key: None,
    };
    let origin = Origin {
        request_id: RequestId::parse("request-1").unwrap(),
        address: None,
    };
    service.book(wish, JOHN, &origin).await
}

/// What a store answers to a booking that it keeps under the number 42.
fn stored(new: &NewBooking) -> Booking {
    Booking {
        id: BookingId::new(42),
        event_id: new.event_id,
        user_id: new.user_id,
        ticket_type: new.ticket_type.clone(),
        quantity: new.quantity,
        status: BookingStatus::Confirmed,
        created_at: new.created_at,
    }
}

/// The hold that a batch with a single reservation asks for.
fn only_hold(batch: &StockBatch) -> HoldRef {
    assert_eq!(batch.reserve.len(), 1);
    batch.reserve[0].hold_ref()
}

/// The good path. A [`Sequence`] also fixes the order: tickets leave the stock before the booking
/// is written, never the other way round.
#[tokio::test]
async fn tickets_are_reserved_and_then_booked() {
    let mut order = Sequence::new();
    let mut stock = MockStockRepository::new();
    stock
        .expect_reserve()
        // `withf` is an assertion on the arguments, `times(1)` one on the number of calls.
        .withf(|batch| {
            let wish = &batch.reserve[0];
            wish.event_id == event() && wish.user_id == JOHN.user_id && wish.quantity.get() == 2
        })
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![ReserveOutcome::Granted]));
    let mut bookings = MockBookingRepository::new();
    bookings
        .expect_commit()
        // The audit record travels in the booking's own transaction, so it can't be lost.
        .withf(|group| group.len() == 1 && group[0].audit.action == Action::Book)
        .times(1)
        .in_sequence(&mut order)
        .returning(|group| Ok(vec![CommitOutcome::Booked(stored(&group[0]))]));

    let booked = book(&service(stock, bookings)).await.unwrap();

    assert_eq!(booked.value.id, BookingId::new(42));
    assert_eq!(booked.value.quantity.get(), 2);
    assert!(!booked.replayed);
}

/// The refused path. Nothing is expected of the bookings' store: a commit would fail the test.
#[tokio::test]
async fn without_enough_tickets_nothing_is_written() {
    let mut stock = MockStockRepository::new();
    stock
        .expect_reserve()
        .times(1)
        .returning(|_| Ok(vec![ReserveOutcome::Refused(Refusal::SoldOut)]));

    let refused = book(&service(stock, MockBookingRepository::new())).await;

    assert!(matches!(refused, Err(BookError::SoldOut)), "{refused:?}");
}

/// A failure that is proven: the transaction was rolled back, so the very hold that was granted goes
/// back. What one mock saw, the other can check: they share it behind a mutex.
#[tokio::test]
async fn a_booking_that_was_rolled_back_gives_its_tickets_back() {
    let granted = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&granted);
    let mut stock = MockStockRepository::new();
    stock.expect_reserve().times(1).returning(move |batch| {
        *seen.lock().unwrap() = Some(only_hold(batch));
        Ok(vec![ReserveOutcome::Granted])
    });
    stock
        .expect_release()
        .withf(move |holds| {
            Some(holds) == granted.lock().unwrap().as_ref().map(std::slice::from_ref)
        })
        .times(1)
        .returning(|_| Ok(()));
    let mut bookings = MockBookingRepository::new();
    bookings.expect_commit().times(1).returning(|_| {
        let gone = StoreError::unavailable("mysql", "the connection broke before the commit");
        Err(CommitError::RolledBack(gone))
    });

    let failed = book(&service(stock, bookings)).await;

    assert!(matches!(failed, Err(BookError::Failed(_))), "{failed:?}");
}

/// A failure that proves nothing: the commit may have come through. The use case asks behind a fence
/// instead of guessing, and finds the booking. `expect_release` is missing on purpose: to give the
/// tickets of a booking back would sell them twice.
#[tokio::test]
async fn a_commit_of_unknown_outcome_is_looked_up() {
    let mut stock = MockStockRepository::new();
    stock
        .expect_reserve()
        .times(1)
        .returning(|_| Ok(vec![ReserveOutcome::Granted]));
    let there = Arc::new(Mutex::new(None));
    let came_through = Arc::clone(&there);
    let mut bookings = MockBookingRepository::new();
    bookings.expect_commit().times(1).returning(move |group| {
        *came_through.lock().unwrap() = Some(stored(&group[0]));
        let silent = StoreError::unavailable("mysql", "no answer to the commit");
        Err(CommitError::Unknown(silent))
    });
    bookings.expect_fence().times(1).returning(move |_| {
        let booking = there.lock().unwrap().clone().unwrap();
        Ok(vec![FenceOutcome::Booked(booking)])
    });

    let booked = book(&service(stock, bookings)).await.unwrap();

    assert_eq!(booked.value.id, BookingId::new(42));
}
