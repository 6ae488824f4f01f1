//! What changes of events leave in the audit log, whatever becomes of the client.

use serde_json::{Value, json};

use super::*;
use crate::audit::{AuditRecord, Outcome};

/// Enough for all that mocked ports let a task do.
const A_WHILE: Duration = Duration::from_secs(5);

/// The one record that `work` leaves, its outcome and its details.
async fn recorded<F: Future<Output = ()>>(
    mut ports: EventPorts,
    work: impl FnOnce(EventService) -> F,
) -> (Outcome, Value) {
    let mut log = MockAuditLog::new();
    let (sender, receiver) = tokio::sync::oneshot::channel();
    log.expect_append().return_once(move |records| {
        sender.send(records.to_vec()).unwrap();
        Ok(())
    });
    let audit = Arc::new(AuditBuffer::new(Arc::new(log)));
    ports.audit = Arc::clone(&audit);
    work(EventService::new(ports, Duration::from_millis(50))).await;
    tokio::time::sleep(A_WHILE).await;
    audit.flush().await.unwrap();
    let mut records: Vec<AuditRecord> = receiver.now_or_never().unwrap().unwrap();
    assert_eq!(records.len(), 1);
    let record = records.remove(0);
    (record.outcome, record.details.into())
}

fn with_events(events: MockEventRepository) -> EventPorts {
    let (stock, bookings) = (MockStockRepository::new(), MockBookingRepository::new());
    ports(events, stock, bookings)
}

/// Ports that delete an event once its last hold is gone, with that answer.
fn with_deletion(answer: Result<DeleteOutcome, StoreError>) -> EventPorts {
    let (mut stock, mut bookings) = (MockStockRepository::new(), no_bookings());
    let close = stock.expect_close();
    close.returning(|_, _, _| Ok(ClosingState::Holds));
    let mut looks = [ClosingState::Holds, ClosingState::Clear].into_iter();
    let look = stock.expect_closing_state();
    look.returning(move |_, _| Ok(looks.next().unwrap()));
    bookings.expect_any_trace_of().returning(|_| Ok(false));
    let delete = stock.expect_delete_closed();
    delete.return_once(|_, _, _, _| answer);
    stock.expect_reopen().returning(|_, _| Ok(()));
    ports(MockEventRepository::new(), stock, bookings)
}

fn details() -> EventDetails {
    let event = event();
    EventDetails {
        title: event.title,
        description: event.description,
        date: event.date,
        location: event.location,
        capacity: Capacity::new(5).unwrap(),
        metadata: event.metadata,
    }
}

fn change() -> EventChange {
    EventChange {
        title: Some(Title::parse("New").unwrap()),
        capacity: Some(Capacity::new(9).unwrap()),
        ..EventChange::default()
    }
}

fn edited(edit: &EventEdit) -> Edited {
    let before = event();
    let after = Event {
        total_tickets: 9,
        ..edit.change.made_to(&before, edit.at)
    };
    Edited { before, after }
}

fn away() -> StoreError {
    StoreError::unavailable("mongodb", "gone")
}

/// All that is said of [`event`].
fn whole() -> Value {
    event().named(&Event::FIELDS).into()
}

fn before_and_after() -> Value {
    json!({
        "fields": ["title", "totalTickets"],
        "before": {"title": "Talk", "totalTickets": 5},
        "after": {"title": "New", "totalTickets": 9},
    })
}

#[tokio::test(start_paused = true)]
async fn an_edit_is_written_down_with_what_was_before_and_after() {
    let mut events = MockEventRepository::new();
    let update = events.expect_update();
    update.return_once(|_, edit| Ok(edited(edit)));
    let record = recorded(with_events(events), async |service| {
        let any = ExpectedRevision::Any;
        let edited = service
            .update(id(), change(), any, ADMIN, None, &origin())
            .await;
        assert_eq!(edited.unwrap().value.title.as_str(), "New");
    });
    assert_eq!(record.await, (Outcome::Success, before_and_after()));
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_came_too_late_is_written_down_as_refused() {
    let mut events = MockEventRepository::new();
    events
        .expect_update()
        .withf(|_, edit| edit.expected == first_revision())
        .return_once(|_, _| Err(UpdateEventError::Outdated));
    let record = recorded(with_events(events), async |service| {
        let (expected, origin) = (first_revision(), origin());
        let edit = service.update(id(), change(), expected, ADMIN, None, &origin);
        assert!(matches!(edit.await, Err(UpdateError::Outdated)));
    });
    let expected = json!({"fields": ["title", "totalTickets"]});
    assert_eq!(record.await, (Outcome::Failure, expected));
}

#[tokio::test(start_paused = true)]
async fn a_client_that_hangs_up_takes_no_record_along() {
    let mut events = MockEventRepository::new();
    events.expect_insert().return_once(|_| Ok(event()));
    let made = recorded(with_events(events), async |service| {
        let origin = origin();
        let create = service.create(details(), ADMIN, None, &origin);
        assert!(create.now_or_never().is_none());
    });
    assert_eq!(made.await, (Outcome::Success, json!({"after": whole()})));

    let mut events = MockEventRepository::new();
    let update = events.expect_update();
    update.return_once(|_, edit| Ok(edited(edit)));
    let edited = recorded(with_events(events), async |service| {
        let (any, origin) = (ExpectedRevision::Any, origin());
        let edit = service.update(id(), change(), any, ADMIN, None, &origin);
        assert!(edit.now_or_never().is_none());
    });
    assert_eq!(edited.await, (Outcome::Success, before_and_after()));

    let deleted = DeleteOutcome::Deleted(Box::new(event()));
    let deleted = recorded(with_deletion(Ok(deleted)), async |service| {
        let (any, origin) = (ExpectedRevision::Any, origin());
        let delete = service.delete(id(), any, ADMIN, None, &origin);
        assert!(delete.now_or_never().is_none());
    });
    let gone = (Outcome::Success, json!({"before": whole()}));
    assert_eq!(deleted.await, gone);
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_outlasts_its_deadline_is_written_down() {
    let deleted = DeleteOutcome::Deleted(Box::new(event()));
    let record = recorded(with_deletion(Ok(deleted)), async |service| {
        let (any, origin) = (ExpectedRevision::Any, origin());
        let delete = service.delete(id(), any, ADMIN, None, &origin);
        assert!(matches!(delete.await, Err(DeleteEventError::Failed(_))));
    });
    let gone = (Outcome::Success, json!({"before": whole()}));
    assert_eq!(record.await, gone);
}

#[tokio::test(start_paused = true)]
async fn what_may_have_been_done_is_written_down_as_unknown() {
    let mut events = MockEventRepository::new();
    let insert = events.expect_insert();
    insert.return_once(|_| Err(InsertEventError::Store(away())));
    let made = recorded(with_events(events), async |service| {
        let create = service.create(details(), ADMIN, None, &origin()).await;
        assert!(matches!(create, Err(CreateEventError::Failed(_))));
    });
    assert_eq!(made.await, (Outcome::Failure, json!({"unknown": true})));

    let mut events = MockEventRepository::new();
    let update = events.expect_update();
    update.return_once(|_, _| Err(UpdateEventError::Store(away())));
    let edited = recorded(with_events(events), async |service| {
        let (any, origin) = (ExpectedRevision::Any, origin());
        let edit = service.update(id(), change(), any, ADMIN, None, &origin);
        assert!(matches!(edit.await, Err(UpdateError::Failed(_))));
    });
    let expected = json!({"fields": ["title", "totalTickets"], "unknown": true});
    assert_eq!(edited.await, (Outcome::Failure, expected));

    let deleted = recorded(with_deletion(Err(away())), async |service| {
        let (any, origin) = (ExpectedRevision::Any, origin());
        let delete = service.delete(id(), any, ADMIN, None, &origin);
        assert!(matches!(delete.await, Err(DeleteEventError::Failed(_))));
    });
    assert_eq!(deleted.await, (Outcome::Failure, json!({"unknown": true})));
}
