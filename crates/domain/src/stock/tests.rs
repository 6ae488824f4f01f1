//! Recovery, relay and settling with mocked ports.

use std::sync::Arc;
use std::time::Duration;

use mockall::Sequence;

use super::*;
use crate::audit::{Action, AuditRecord, MockAuditLog};
use crate::booking::{
    Booking, BookingId, BookingStatus, FenceOutcome, MockBookingRepository, MockOutboxRepository,
    OutboxId, OutboxRow, PendingWork, Quantity, ReservationRow,
};
use crate::error::StoreError;
use crate::event::EventId;
use crate::test_runtime::{USER, origin, runtime};
use crate::time::Timestamp;

fn event_id() -> EventId {
    EventId::parse("507f1f77bcf86cd799439011").unwrap()
}

fn reservation(n: u128) -> ReservationId {
    ReservationId::new(uuid::Uuid::from_u128(n))
}

fn hold_ref(n: u128) -> HoldRef {
    HoldRef {
        event_id: event_id(),
        reservation_id: reservation(n),
    }
}

fn hold(n: u128) -> Hold {
    Hold {
        at: hold_ref(n),
        ticket_type: TicketType::general(),
        quantity: Quantity::ONE,
    }
}

fn cancelled() -> Booking {
    Booking {
        id: BookingId::new(5),
        event_id: event_id(),
        user_id: USER.user_id,
        ticket_type: TicketType::general(),
        quantity: Quantity::ONE,
        status: BookingStatus::Cancelled {
            at: Timestamp::from_millis(9),
        },
        created_at: Timestamp::from_millis(0),
    }
}

fn away() -> StoreError {
    StoreError::unavailable("mongodb", "gone")
}

const GRACE: Duration = Duration::from_secs(30);

fn stale(stock: &mut MockStockRepository, holds: Vec<Hold>) {
    stock
        .expect_stale_holds()
        .withf(|age, _| *age == GRACE)
        .times(1)
        .return_once(move |_, _| Ok(holds));
}

async fn recover(
    stock: MockStockRepository,
    bookings: MockBookingRepository,
) -> Result<Recovered, StoreError> {
    Recovery::new(Arc::new(stock), Arc::new(bookings), GRACE)
        .round()
        .await
}

#[tokio::test]
async fn a_stale_hold_with_a_booking_is_settled_also_when_it_was_cancelled() {
    let (mut stock, mut bookings) = (MockStockRepository::new(), MockBookingRepository::new());
    stale(&mut stock, vec![hold(1)]);
    bookings
        .expect_find_reservations()
        .times(1)
        .returning(|_| Ok(vec![ReservationRow::Booked(cancelled())]));
    stock
        .expect_settle()
        .withf(|holds| holds == [hold_ref(1)])
        .times(1)
        .returning(|_| Ok(()));
    stock.expect_stale_closings().returning(|_, _| Ok(vec![]));
    let done = recover(stock, bookings).await.unwrap();
    assert_eq!(
        done,
        Recovered {
            settled: 1,
            ..Recovered::default()
        }
    );
}

#[tokio::test]
async fn a_stale_hold_without_a_row_is_fenced_before_it_is_released() {
    let (mut stock, mut bookings) = (MockStockRepository::new(), MockBookingRepository::new());
    let mut order = Sequence::new();
    stale(&mut stock, vec![hold(2), hold(1)]);
    bookings
        .expect_find_reservations()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![ReservationRow::Absent, ReservationRow::Absent]));
    bookings
        .expect_fence()
        .withf(|holds| holds == [hold_ref(1), hold_ref(2)])
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(vec![FenceOutcome::Void, FenceOutcome::Void]));
    stock
        .expect_release()
        .withf(|holds| holds == [hold_ref(1), hold_ref(2)])
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    stock.expect_stale_closings().returning(|_, _| Ok(vec![]));
    let done = recover(stock, bookings).await.unwrap();
    assert_eq!(
        done,
        Recovered {
            released: 2,
            ..Recovered::default()
        }
    );
}

#[tokio::test]
async fn a_failed_fence_releases_nothing() {
    let (mut stock, mut bookings) = (MockStockRepository::new(), MockBookingRepository::new());
    stale(&mut stock, vec![hold(1)]);
    bookings
        .expect_find_reservations()
        .times(1)
        .returning(|_| Ok(vec![ReservationRow::Absent]));
    bookings.expect_fence().times(1).returning(|_| Err(away()));
    stock.expect_stale_closings().returning(|_, _| Ok(vec![]));
    assert!(recover(stock, bookings).await.is_err());
}

#[tokio::test]
async fn one_failure_stops_nothing_else_of_a_round() {
    let (mut stock, mut bookings) = (MockStockRepository::new(), MockBookingRepository::new());
    let token = |n| ClosingToken::new(uuid::Uuid::from_u128(n));
    stale(&mut stock, vec![hold(1), hold(2)]);
    bookings.expect_find_reservations().times(1).returning(|_| {
        Ok(vec![
            ReservationRow::Booked(cancelled()),
            ReservationRow::Void,
        ])
    });
    stock.expect_settle().times(1).returning(|_| Err(away()));
    stock.expect_release().times(1).returning(|_| Ok(()));
    stock.expect_stale_closings().returning(move |_, _| {
        let closing = |n| StaleClosing {
            event_id: event_id(),
            token: token(n),
        };
        Ok(vec![closing(4), closing(5)])
    });
    stock
        .expect_reopen()
        .times(2)
        .returning(move |_, of| if of == token(4) { Err(away()) } else { Ok(()) });
    assert!(recover(stock, bookings).await.is_err());
}

#[tokio::test]
async fn the_fence_decides_when_it_meets_a_booking_or_an_open_commit() {
    let (mut stock, mut bookings) = (MockStockRepository::new(), MockBookingRepository::new());
    stale(&mut stock, vec![hold(1), hold(2), hold(3)]);
    bookings.expect_find_reservations().times(1).returning(|_| {
        Ok(vec![
            ReservationRow::Absent,
            ReservationRow::Absent,
            ReservationRow::Void,
        ])
    });
    bookings
        .expect_fence()
        .times(1)
        .returning(|_| Ok(vec![FenceOutcome::Booked(cancelled()), FenceOutcome::Busy]));
    stock
        .expect_settle()
        .withf(|holds| holds == [hold_ref(1)])
        .times(1)
        .returning(|_| Ok(()));
    stock
        .expect_release()
        .withf(|holds| holds == [hold_ref(3)])
        .times(1)
        .returning(|_| Ok(()));
    stock.expect_stale_closings().returning(|_, _| Ok(vec![]));
    let done = recover(stock, bookings).await.unwrap();
    assert_eq!(
        done,
        Recovered {
            settled: 1,
            released: 1,
            open: 1,
            reopened: 0
        }
    );
}

#[tokio::test]
async fn a_closing_that_nobody_ended_is_opened_again() {
    let mut stock = MockStockRepository::new();
    let token = ClosingToken::new(uuid::Uuid::from_u128(4));
    stale(&mut stock, vec![]);
    stock
        .expect_stale_closings()
        .times(1)
        .returning(move |_, _| {
            Ok(vec![StaleClosing {
                event_id: event_id(),
                token,
            }])
        });
    stock
        .expect_reopen()
        .withf(move |event, of| *event == event_id() && *of == token)
        .times(1)
        .returning(|_, _| Ok(()));
    let done = recover(stock, MockBookingRepository::new()).await.unwrap();
    assert_eq!(done.reopened, 1);
}

fn work() -> PendingWork {
    let record = AuditRecord::new(
        runtime().ids.audit_id(),
        Timestamp::from_millis(0),
        Action::Cancel,
        &origin(),
    );
    let returned = StockReturn {
        event_id: event_id(),
        ticket_type: TicketType::general(),
        returned: 3,
    };
    PendingWork {
        rows: vec![OutboxRow {
            id: OutboxId(8),
            records: Some(vec![record]),
        }],
        returns: vec![returned],
    }
}

#[tokio::test]
async fn a_row_leaves_the_outbox_after_both_acknowledgements() {
    let (mut outbox, mut stock, mut audit) = (
        MockOutboxRepository::new(),
        MockStockRepository::new(),
        MockAuditLog::new(),
    );
    let mut order = Sequence::new();
    outbox
        .expect_pending()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(work()));
    stock
        .expect_apply_returns()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    audit
        .expect_append()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    outbox
        .expect_forget()
        .withf(|ids| ids == [OutboxId(8)])
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    outbox
        .expect_pending()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(PendingWork::default()));
    Relay::new(Arc::new(outbox), Arc::new(stock), Arc::new(audit))
        .drain()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_row_stays_in_the_outbox_when_either_side_fails() {
    for stock_fails in [true, false] {
        let (mut outbox, mut stock, mut audit) = (
            MockOutboxRepository::new(),
            MockStockRepository::new(),
            MockAuditLog::new(),
        );
        outbox
            .expect_pending()
            .times(1)
            .returning(|_, _| Ok(work()));
        stock
            .expect_apply_returns()
            .times(1)
            .returning(move |_| if stock_fails { Err(away()) } else { Ok(()) });
        audit.expect_append().returning(|_| Err(away()));
        let relay = Relay::new(Arc::new(outbox), Arc::new(stock), Arc::new(audit));
        assert_eq!(relay.oldest_left(), None);
        assert!(relay.drain().await.is_err());
        assert_eq!(relay.oldest_left(), Some(Timestamp::from_millis(0)));
    }
}

#[tokio::test]
async fn nothing_is_left_once_a_row_that_failed_is_carried_over() {
    let (mut outbox, mut stock, mut audit) = (
        outbox_of(work().rows),
        MockStockRepository::new(),
        MockAuditLog::new(),
    );
    stock.expect_apply_returns().times(2).returning(|_| Ok(()));
    let mut tries = 0;
    audit.expect_append().times(2).returning(move |_| {
        tries += 1;
        if tries == 1 { Err(away()) } else { Ok(()) }
    });
    outbox.expect_forget().times(1).returning(|_| Ok(()));
    let relay = Relay::new(Arc::new(outbox), Arc::new(stock), Arc::new(audit));
    assert!(relay.drain().await.is_err());
    assert!(relay.oldest_left().is_some());
    relay.drain().await.unwrap();
    assert_eq!(relay.oldest_left(), None);
}

/// A relay that finds the given rows, one batch of one row after the other.
fn outbox_of(rows: Vec<OutboxRow>) -> MockOutboxRepository {
    let mut outbox = MockOutboxRepository::new();
    outbox.expect_pending().returning(move |after, _| {
        let next = rows.iter().find(|row| row.id > after);
        Ok(PendingWork {
            rows: next.cloned().into_iter().collect(),
            returns: next.map_or(Vec::new(), |_| work().returns),
        })
    });
    outbox
}

#[tokio::test]
async fn a_row_that_cannot_be_read_stays_and_its_tickets_come_back() {
    let row = |id, records| OutboxRow {
        id: OutboxId(id),
        records,
    };
    let records = work().rows.remove(0).records;
    let mut outbox = outbox_of(vec![row(1, None), row(2, records)]);
    let (mut stock, mut audit) = (MockStockRepository::new(), MockAuditLog::new());
    stock.expect_apply_returns().times(2).returning(|_| Ok(()));
    audit.expect_append().times(1).returning(|_| Ok(()));
    outbox
        .expect_forget()
        .withf(|ids| ids == [OutboxId(2)])
        .times(1)
        .returning(|_| Ok(()));
    Relay::new(Arc::new(outbox), Arc::new(stock), Arc::new(audit))
        .drain()
        .await
        .unwrap();
}

#[tokio::test]
async fn a_batch_that_fails_for_its_own_reason_does_not_keep_the_next_waiting() {
    let row = |id| OutboxRow {
        id: OutboxId(id),
        ..work().rows.remove(0)
    };
    let mut outbox = outbox_of(vec![row(1), row(2)]);
    let (mut stock, mut audit) = (MockStockRepository::new(), MockAuditLog::new());
    stock.expect_apply_returns().returning(|_| Ok(()));
    let mut order = Sequence::new();
    audit
        .expect_append()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Err(StoreError::unexpected("mongodb", "refused")));
    audit
        .expect_append()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    outbox
        .expect_forget()
        .withf(|ids| ids == [OutboxId(2)])
        .times(1)
        .returning(|_| Ok(()));
    let relay = Relay::new(Arc::new(outbox), Arc::new(stock), Arc::new(audit));
    assert!(!relay.drain().await.unwrap_err().is_unavailable());
}

#[tokio::test]
async fn what_was_not_settled_waits_for_the_next_flush() {
    let mut stock = MockStockRepository::new();
    let mut order = Sequence::new();
    stock
        .expect_settle()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Err(away()));
    stock
        .expect_settle()
        .withf(|holds| holds == [hold_ref(1)])
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    let settler = Settler::new(Arc::new(stock));
    settler.add(hold_ref(1));
    assert!(settler.flush().await.is_err());
    settler.flush().await.unwrap();
    settler.flush().await.unwrap();
}
