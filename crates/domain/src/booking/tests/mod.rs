//! The booking protocol with mocked ports: each step fails in each way once.

mod cancel;
mod keys;

use std::sync::Arc;
use std::time::Duration;

use mockall::Sequence;

use super::*;
use crate::audit::MockAuditLog;
use crate::error::StoreError;
use crate::event::{EventId, MockEventRepository};
use crate::grouping::GroupLimits;
use crate::health::MockHealthView;
use crate::idempotency::{Done, Fingerprint, IdempotencyKey};
use crate::runtime::{MockClock, Runtime};
use crate::stock::{
    HoldRef, MockStockRepository, Refusal, Relay, ReserveError, ReserveOutcome, Settler,
    StockReturn, TicketType,
};
use crate::test_runtime::{USER, origin, runtime};
use crate::time::Timestamp;

const GRACE: Duration = Duration::from_secs(30);

struct Mocks {
    stock: MockStockRepository,
    bookings: MockBookingRepository,
    events: MockEventRepository,
    health: MockHealthView,
}

impl Mocks {
    fn new() -> Self {
        let mut health = MockHealthView::new();
        health.expect_is_up().return_const(true);
        Self {
            stock: MockStockRepository::new(),
            bookings: MockBookingRepository::new(),
            events: MockEventRepository::new(),
            health,
        }
    }

    fn service(self) -> (BookingService, Arc<Settler>) {
        self.service_with(runtime())
    }

    fn service_with(self, runtime: Runtime) -> (BookingService, Arc<Settler>) {
        let stock: Arc<MockStockRepository> = Arc::new(self.stock);
        let settler = Arc::new(Settler::new(stock.clone()));
        let relay = Relay::new(
            Arc::new(MockOutboxRepository::new()),
            stock.clone(),
            Arc::new(MockAuditLog::new()),
        );
        let ports = BookingPorts {
            bookings: Arc::new(self.bookings),
            stock,
            events: Arc::new(self.events),
            health: Arc::new(self.health),
            settler: settler.clone(),
            relay: Arc::new(relay),
            runtime,
        };
        let settings = BookingSettings {
            groups: GroupLimits::default(),
            grace: GRACE,
            deadline: Duration::from_secs(60),
            bookings_store: "mysql",
            stock_store: "mongodb",
        };
        (BookingService::new(ports, settings), settler)
    }
}

fn event_id() -> EventId {
    EventId::parse("507f1f77bcf86cd799439011").unwrap()
}

fn wish(key: Option<&str>) -> BookTickets {
    let key = key.map(|key| IdempotencyKey::parse(key).unwrap());
    BookTickets {
        event_id: event_id(),
        quantity: Quantity::new(2).unwrap(),
        key,
    }
}

fn booking() -> Booking {
    Booking {
        id: BookingId::new(5),
        event_id: event_id(),
        user_id: USER.user_id,
        ticket_type: TicketType::general(),
        quantity: Quantity::new(2).unwrap(),
        status: BookingStatus::Confirmed,
        created_at: Timestamp::from_millis(0),
    }
}

fn away() -> StoreError {
    StoreError::unavailable("mysql", "gone")
}

fn earlier(quantity: i64) -> KeyedRequest {
    let quantity = Quantity::new(quantity).unwrap();
    let at = Timestamp::from_millis(1);
    KeyedRequest {
        booking: Some(Booking {
            status: BookingStatus::Cancelled { at },
            ..booking()
        }),
        fingerprint: Fingerprint::of_booking(event_id(), &TicketType::general(), quantity),
    }
}

fn grant(mocks: &mut Mocks) {
    mocks
        .stock
        .expect_reserve()
        .times(1)
        .returning(|_| Ok(vec![ReserveOutcome::Granted]));
}

fn refuse(mocks: &mut Mocks, refusal: Refusal) {
    mocks
        .stock
        .expect_reserve()
        .returning(move |_| Ok(vec![ReserveOutcome::Refused(refusal)]));
}

fn answer_commit(mocks: &mut Mocks, outcome: CommitOutcome) {
    mocks
        .bookings
        .expect_commit()
        .times(1)
        .return_once(move |_| Ok(vec![outcome]));
}

/// Lets tasks in the background come to their end; time is paused, so this waits for nothing.
async fn settle_down() {
    tokio::time::sleep(Duration::from_secs(600)).await;
}

#[tokio::test(start_paused = true)]
async fn a_booking_is_reserved_committed_and_settled_later() {
    let mut mocks = Mocks::new();
    grant(&mut mocks);
    answer_commit(&mut mocks, CommitOutcome::Booked(booking()));
    let (service, settler) = mocks.service();
    let booked = service.book(wish(None), USER, &origin()).await.unwrap();
    assert_eq!(booked, Done::now(booking()));
    assert_eq!(settler.take_for(event_id()).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_waits_to_be_settled_goes_along_with_the_next_reservation() {
    let mut mocks = Mocks::new();
    mocks
        .stock
        .expect_reserve()
        .withf(|batch| batch.settle.len() == 1)
        .times(1)
        .returning(|_| Err(ReserveError::NotExecuted(away())));
    let (service, settler) = mocks.service();
    let id = runtime().ids.reservation_id();
    settler.add(HoldRef {
        event_id: event_id(),
        reservation_id: id,
    });
    assert!(service.book(wish(None), USER, &origin()).await.is_err());
    assert_eq!(
        settler.take_for(event_id()).len(),
        1,
        "it was not executed: it waits again"
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_reserved_while_the_bookings_store_is_away() {
    let mut mocks = Mocks::new();
    mocks.health = MockHealthView::new();
    mocks
        .health
        .expect_is_up()
        .withf(|name| name == "mysql")
        .return_const(false);
    let (service, _) = mocks.service();
    let answer = service.book(wish(None), USER, &origin()).await;
    assert!(matches!(answer, Err(BookError::Failed(_))));
}

#[tokio::test(start_paused = true)]
async fn a_reservation_of_unknown_outcome_is_sent_once_then_fenced_then_released() {
    let mut mocks = Mocks::new();
    let mut order = Sequence::new();
    mocks
        .stock
        .expect_reserve()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Err(ReserveError::Unknown(away())));
    mocks
        .bookings
        .expect_fence()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![FenceOutcome::Void]));
    mocks
        .stock
        .expect_release()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    let (service, _) = mocks.service();
    assert!(matches!(
        service.book(wish(None), USER, &origin()).await,
        Err(BookError::Failed(_))
    ));
    settle_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_grant_after_a_pause_of_half_the_grace_is_given_up() {
    // Recovery may release the hold at any moment now; a commit would race it for nothing.
    let mut mocks = Mocks::new();
    grant(&mut mocks);
    mocks
        .bookings
        .expect_fence()
        .times(1)
        .returning(|_| Ok(vec![FenceOutcome::Void]));
    mocks.stock.expect_release().times(1).returning(|_| Ok(()));
    let mut clock = MockClock::new();
    let mut readings = [Duration::ZERO, GRACE / 2 + Duration::from_millis(1)].into_iter();
    clock
        .expect_monotonic()
        .times(2)
        .returning(move || readings.next().unwrap());
    let (service, _) = mocks.service_with(Runtime {
        clock: Arc::new(clock),
        ..runtime()
    });
    assert!(matches!(
        service.book(wish(None), USER, &origin()).await,
        Err(BookError::Failed(_))
    ));
    settle_down().await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_commit_is_released_without_a_fence() {
    let mut mocks = Mocks::new();
    grant(&mut mocks);
    mocks
        .bookings
        .expect_commit()
        .times(1)
        .returning(|_| Err(CommitError::RolledBack(away())));
    mocks.stock.expect_release().times(1).returning(|_| Ok(()));
    let (service, _) = mocks.service();
    assert!(matches!(
        service.book(wish(None), USER, &origin()).await,
        Err(BookError::Failed(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_unknown_outcome_that_came_through_is_a_booking() {
    let mut mocks = Mocks::new();
    grant(&mut mocks);
    mocks
        .bookings
        .expect_commit()
        .times(1)
        .returning(|_| Err(CommitError::Unknown(away())));
    let mut order = Sequence::new();
    mocks
        .bookings
        .expect_fence()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Err(away()));
    mocks
        .bookings
        .expect_fence()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![FenceOutcome::Busy]));
    mocks
        .bookings
        .expect_fence()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![FenceOutcome::Booked(booking())]));
    let (service, settler) = mocks.service();
    let booked = service.book(wish(None), USER, &origin()).await.unwrap();
    assert_eq!(booked.value, booking());
    assert_eq!(settler.take_for(event_id()).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_commit_of_unknown_outcome_is_released_only_behind_a_fence() {
    let mut mocks = Mocks::new();
    grant(&mut mocks);
    let mut order = Sequence::new();
    mocks
        .bookings
        .expect_commit()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Err(CommitError::Unknown(away())));
    mocks
        .bookings
        .expect_fence()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![FenceOutcome::Void]));
    mocks
        .stock
        .expect_release()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    let (service, _) = mocks.service();
    assert!(matches!(
        service.book(wish(None), USER, &origin()).await,
        Err(BookError::Failed(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_commit_that_cannot_be_resolved_is_left_to_recovery() {
    let mut mocks = Mocks::new();
    grant(&mut mocks);
    mocks
        .bookings
        .expect_commit()
        .times(1)
        .returning(|_| Err(CommitError::Unknown(away())));
    mocks
        .bookings
        .expect_fence()
        .returning(|_| Ok(vec![FenceOutcome::Busy]));
    let (service, _) = mocks.service();
    assert!(matches!(
        service.book(wish(None), USER, &origin()).await,
        Err(BookError::Failed(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn a_row_under_the_own_reservation_id_is_a_question() {
    let mut mocks = Mocks::new();
    grant(&mut mocks);
    answer_commit(&mut mocks, CommitOutcome::ReservationTaken);
    mocks
        .bookings
        .expect_fence()
        .times(1)
        .returning(|_| Ok(vec![FenceOutcome::Booked(booking())]));
    let (service, _) = mocks.service();
    assert_eq!(
        service
            .book(wish(None), USER, &origin())
            .await
            .unwrap()
            .value,
        booking()
    );
}

#[tokio::test(start_paused = true)]
async fn a_user_who_is_gone_gives_the_tickets_back() {
    let mut mocks = Mocks::new();
    grant(&mut mocks);
    answer_commit(&mut mocks, CommitOutcome::UserGone);
    mocks.stock.expect_release().times(1).returning(|_| Ok(()));
    let (service, _) = mocks.service();
    assert!(matches!(
        service.book(wish(None), USER, &origin()).await,
        Err(BookError::UserGone)
    ));
}

#[tokio::test(start_paused = true)]
async fn refusals_are_answered_as_what_they_are() {
    for (refusal, code) in [
        (Refusal::SoldOut, "SoldOut"),
        (Refusal::EventEnded, "EventEnded"),
        (Refusal::EventNotFound, "EventNotFound"),
        (Refusal::KeyInFlight, "Key(InProgress)"),
        (Refusal::Closing, "Failed"),
        (Refusal::TooManyHolds, "Failed"),
        (Refusal::Moved, "Failed"),
    ] {
        let mut mocks = Mocks::new();
        refuse(&mut mocks, refusal);
        let (service, _) = mocks.service();
        let error = service.book(wish(None), USER, &origin()).await.unwrap_err();
        assert!(
            format!("{error:?}").starts_with(code),
            "{refusal:?}: {error:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_stock_that_moved_is_asked_again_under_a_new_id() {
    let mut mocks = Mocks::new();
    let mut order = Sequence::new();
    mocks
        .stock
        .expect_reserve()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![ReserveOutcome::Refused(Refusal::Moved)]));
    grant(&mut mocks);
    answer_commit(&mut mocks, CommitOutcome::Booked(booking()));
    let (service, _) = mocks.service();
    assert!(service.book(wish(None), USER, &origin()).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_interrupts_nothing() {
    let mut mocks = Mocks::new();
    mocks
        .stock
        .expect_reserve()
        .times(1)
        .returning(|_| Ok(vec![ReserveOutcome::Granted]));
    answer_commit(&mut mocks, CommitOutcome::Booked(booking()));
    let (service, settler) = mocks.service();
    {
        let origin = origin();
        let mut call = service.book(wish(None), USER, &origin);
        // Polled once, so that the work has begun; then dropped.
        assert!(futures_util::poll!(&mut call).is_pending());
    }
    settle_down().await;
    assert_eq!(settler.take_for(event_id()).len(), 1);
}
