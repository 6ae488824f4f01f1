//! What background work measures, read as Prometheus reads it.

use std::sync::atomic::{AtomicBool, Ordering};

use domain::audit::{Action, AuditBuffer, AuditId, AuditRecord, AuditRetention, MockAuditLog};
use domain::booking::{
    FenceOutcome, MockBookingRepository, MockOutboxRepository, OutboxId, OutboxRow, PendingWork,
    Quantity, ReservationRow,
};
use domain::checkpoint::Checkpoints;
use domain::error::StoreError;
use domain::event::EventId;
use domain::grouping::{GroupError, GroupLimits, Groups};
use domain::request::{Origin, RequestId};
use domain::runtime::StopSignal;
use domain::stock::{
    Hold, HoldRef, MockStockRepository, Recovery, Relay, ReservationId, Settler, TicketType,
};
use domain::testing::MemoryBackend;
use domain::upkeep::Upkeep;
use futures_util::future::BoxFuture;

use super::*;
use crate::platform::{self, Tasks};

const GRACE: Duration = Duration::from_secs(30);

fn hold(number: u128) -> HoldRef {
    HoldRef {
        event_id: EventId::parse("507f1f77bcf86cd799439011").unwrap(),
        reservation_id: ReservationId::new(uuid::Uuid::from_u128(number)),
    }
}

fn record() -> AuditRecord {
    let origin = Origin {
        request_id: RequestId::parse("request").unwrap(),
        address: None,
    };
    let at = Timestamp::parse("2020-01-01T00:00:00Z").unwrap();
    AuditRecord::new(AuditId::from_bytes([1; 12]), at, Action::Cancel, &origin)
}

/// Reads the value of a series.
fn reader(handle: PrometheusHandle) -> impl Fn(&str) -> f64 {
    move |series| {
        let text = handle.render();
        let values = text.lines().find_map(|line| line.strip_prefix(series));
        values.unwrap().trim().parse().unwrap()
    }
}

/// What `make` makes measures into a recorder of its own, which is read by the function.
fn measured<T>(make: impl FnOnce() -> T) -> (T, impl Fn(&str) -> f64) {
    let recorder = builder().unwrap().build_recorder();
    let made = metrics::with_local_recorder(&recorder, make);
    (made, reader(recorder.handle()))
}

#[tokio::test]
async fn holds_count_until_they_are_settled_or_taken_along() {
    let mut stock = MockStockRepository::new();
    let mut tries = 0;
    stock.expect_settle().times(2).returning(move |_| {
        tries += 1;
        match tries {
            1 => Err(StoreError::unavailable("mongodb", "gone")),
            _ => Ok(()),
        }
    });
    let (settler, read) = measured(|| Settler::new(Arc::new(stock)));
    let waiting = || read("boxoffice_holds_to_settle ");
    (1..=3).for_each(|number| settler.add(hold(number)));
    assert_eq!(waiting(), 3.0);
    let taken = settler.take_for(hold(1).event_id);
    assert_eq!((taken.len(), waiting()), (3, 0.0));
    settler.put_back(taken);
    assert_eq!(waiting(), 3.0);
    assert!(settler.flush().await.is_err());
    assert_eq!(waiting(), 3.0);
    settler.flush().await.unwrap();
    assert_eq!(waiting(), 0.0);
}

#[tokio::test]
async fn recovery_tells_what_it_looked_into_and_what_became_of_it() {
    let (mut stock, mut bookings) = (MockStockRepository::new(), MockBookingRepository::new());
    let holds = (1..=3).map(|number| Hold {
        at: hold(number),
        ticket_type: TicketType::general(),
        quantity: Quantity::ONE,
    });
    let holds: Vec<Hold> = holds.collect();
    stock.expect_stale_holds().return_once(|_, _| Ok(holds));
    stock
        .expect_stale_closings()
        .returning(|_, _| Ok(Vec::new()));
    stock.expect_release().returning(|_| Ok(()));
    bookings
        .expect_find_reservations()
        .returning(|ids| Ok(vec![ReservationRow::Absent; ids.len()]));
    bookings.expect_fence().returning(|_| {
        Ok(vec![
            FenceOutcome::Void,
            FenceOutcome::Busy,
            FenceOutcome::Void,
        ])
    });
    let ports = (Arc::new(stock), Arc::new(bookings));
    let (recovery, read) = measured(|| Recovery::new(ports.0, ports.1, GRACE));
    recovery.round().await.unwrap();
    assert_eq!(read("boxoffice_recovery_holds_examined_total "), 3.0);
    assert_eq!(read("boxoffice_recovery_fences_total "), 3.0);
    assert_eq!(
        read("boxoffice_recovery_holds_total{outcome=\"released\"} "),
        2.0
    );
    assert_eq!(
        read("boxoffice_recovery_holds_total{outcome=\"settled\"} "),
        0.0
    );
    assert_eq!(read("boxoffice_recovery_holds_open "), 1.0);
}

/// An outbox with one row, until that is carried over.
fn outbox_of_one() -> MockOutboxRepository {
    let mut outbox = MockOutboxRepository::new();
    let left = Arc::new(AtomicBool::new(true));
    let forgotten = Arc::clone(&left);
    outbox.expect_pending().returning(move |after, _| {
        let is_there = after == OutboxId::START && left.load(Ordering::Relaxed);
        let row = OutboxRow {
            id: OutboxId(1),
            records: Some(vec![record()]),
        };
        let rows = is_there.then_some(row).into_iter().collect();
        let returns = Vec::new();
        Ok(PendingWork { rows, returns })
    });
    outbox.expect_forget().once().returning(move |_| {
        forgotten.store(false, Ordering::Relaxed);
        Ok(())
    });
    outbox
}

/// The background work on stores in memory, with that outbox.
fn upkeep(backend: &MemoryBackend, outbox: MockOutboxRepository) -> Upkeep {
    let runtime = platform::runtime(&Arc::new(Tasks::new()));
    let (relational, documents) = (&backend.relational, &backend.documents);
    let checkpoints = Checkpoints::new(
        relational.clone(),
        documents.clone(),
        Arc::clone(&runtime.clock),
    );
    Upkeep {
        settler: Arc::new(Settler::new(documents.clone())),
        relay: Arc::new(Relay::new(
            Arc::new(outbox),
            documents.clone(),
            documents.clone(),
        )),
        recovery: Arc::new(Recovery::new(documents.clone(), relational.clone(), GRACE)),
        audit: Arc::new(AuditBuffer::new(documents.clone())),
        retention: AuditRetention {
            trail: documents.clone(),
            keep: None,
        },
        bookings: relational.clone(),
        sessions: relational.clone(),
        attempts: relational.clone(),
        checkpoints: Arc::new(checkpoints),
        runtime,
    }
}

#[tokio::test(start_paused = true)]
async fn the_relay_tells_how_far_it_is_behind_and_what_it_carried_over() {
    let recorder = builder().unwrap().build_recorder();
    let _here = metrics::set_default_local_recorder(&recorder);
    let read = reader(recorder.handle());
    let rounds = |outcome: &str| {
        let labels = format!("work=\"relaying\",outcome=\"{outcome}\"");
        read(&format!("boxoffice_upkeep_rounds_total{{{labels}}} "))
    };
    let carried = || read("boxoffice_outbox_rows_total{outcome=\"carried\"} ");
    let backend = MemoryBackend::new();
    backend.documents.set_away(true);
    let (_signal, stop) = StopSignal::new();
    upkeep(&backend, outbox_of_one()).start(&stop);

    tokio::time::sleep(Duration::from_secs(5)).await;
    assert!(read("boxoffice_outbox_lag_seconds ") > 0.0);
    assert!(rounds("failed") >= 1.0);
    assert_eq!((rounds("done"), carried()), (0.0, 0.0));

    backend.documents.set_away(false);
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(read("boxoffice_outbox_lag_seconds "), 0.0);
    assert!(rounds("done") >= 1.0);
    assert_eq!(carried(), 1.0);
}

#[tokio::test]
async fn a_full_queue_tells_its_bound_and_whom_it_turned_away() {
    let limits = GroupLimits {
        most: 10,
        waiting: 2,
    };
    let spawner = Arc::new(Tasks::new());
    let (groups, read) = measured(|| {
        let work =
            Box::new(|calls: Vec<u8>| -> BoxFuture<'static, Vec<u8>> { Box::pin(async { calls }) });
        Groups::new("reserve", spawner, limits, work)
    });
    // Nothing is carried out before this test waits for something.
    let waiting = [groups.join(1).unwrap(), groups.join(2).unwrap()];
    for call in [3, 4, 5] {
        assert_eq!(groups.join(call).err(), Some(GroupError::Full));
    }
    let value = |name: &str| read(&format!("boxoffice_group_{name}{{kind=\"reserve\"}} "));
    assert_eq!(value("queue_limit"), 2.0);
    assert_eq!(value("queue_depth"), 2.0);
    assert_eq!(value("refused_total"), 3.0);
    for (answer, call) in waiting.into_iter().zip(1..) {
        assert_eq!(answer.await, Ok(call));
    }
    assert_eq!(value("queue_depth"), 0.0);
}

#[tokio::test]
async fn audit_records_count_while_they_wait_and_when_they_are_lost() {
    const PUSHED: u32 = 20_000;
    let mut log = MockAuditLog::new();
    let mut tries = 0;
    log.expect_append().returning(move |_| {
        tries += 1;
        match tries {
            1 => Err(StoreError::unavailable("mongodb", "gone")),
            _ => Ok(()),
        }
    });
    let (buffer, read) = measured(|| AuditBuffer::new(Arc::new(log)));
    let waiting = || read("boxoffice_audit_records_waiting ");
    let lost = || read("boxoffice_audit_records_lost_total ");
    (0..3).for_each(|_| buffer.push(record()));
    assert_eq!((waiting(), lost()), (3.0, 0.0));
    assert!(buffer.flush().await.is_err());
    assert_eq!((waiting(), lost()), (3.0, 0.0));
    // More than may wait.
    (3..PUSHED).for_each(|_| buffer.push(record()));
    assert!(lost() > 0.0);
    assert_eq!(waiting() + lost(), f64::from(PUSHED));
    buffer.flush().await.unwrap();
    assert_eq!(waiting(), 0.0);
}
