//! Deleting an event step by step, and listing events, with mocked ports.

mod records;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt;
use mockall::Sequence;

use super::*;
use crate::audit::{AuditBuffer, MockAuditLog};
use crate::booking::MockBookingRepository;
use crate::cursor::{Moment, Start};
use crate::error::{Failure, StoreError};
use crate::page::PageSize;
use crate::runtime::{MockSpawner, Task};
use crate::search::SearchWords;
use crate::stock::{ClosingState, DeleteOutcome, MockStockRepository, Settler};
use crate::test_runtime::{ADMIN, origin, runtime};
use crate::time::Timestamp;
use crate::user::UserId;

fn id() -> EventId {
    EventId::parse("507f1f77bcf86cd799439011").unwrap()
}

fn event() -> Event {
    Event {
        id: id(),
        title: Title::parse("Talk").unwrap(),
        description: Description::parse("Long").unwrap(),
        date: Timestamp::from_millis(0),
        location: Location::parse("Hall").unwrap(),
        total_tickets: 5,
        available_tickets: 5,
        metadata: Metadata::default(),
        created_by: UserId::new(1),
        created_at: Timestamp::from_millis(0),
        updated_at: Timestamp::from_millis(0),
        version: EventVersion::FIRST,
    }
}

fn first_revision() -> ExpectedRevision {
    ExpectedRevision::OneOf(vec![Revision::FIRST])
}

/// Bookings among which the first look finds none of the event.
fn no_bookings() -> MockBookingRepository {
    let mut bookings = MockBookingRepository::new();
    let look = bookings.expect_any_booking_of().times(1);
    look.returning(|_| Ok(false));
    bookings
}

/// Ports whose audit records wait for good.
fn ports(
    events: MockEventRepository,
    stock: MockStockRepository,
    bookings: MockBookingRepository,
) -> EventPorts {
    let stock = Arc::new(stock);
    EventPorts {
        events: Arc::new(events),
        stock: stock.clone(),
        bookings: Arc::new(bookings),
        settler: Arc::new(Settler::new(stock)),
        audit: Arc::new(AuditBuffer::new(Arc::new(MockAuditLog::new()))),
        runtime: runtime(),
    }
}

async fn delete(
    stock: MockStockRepository,
    bookings: MockBookingRepository,
) -> Result<(), DeleteEventError> {
    let ports = ports(MockEventRepository::new(), stock, bookings);
    EventService::new(ports, Duration::from_secs(60))
        .delete(id(), first_revision(), ADMIN, None, &origin())
        .await
        .map(|done| done.value)
}

#[tokio::test(start_paused = true)]
async fn what_bookings_there_are_is_decided_only_once_the_holds_are_gone() {
    // A booking's hold leaves after its row is there: looking for rows first would miss a booking
    // whose row comes after the look and whose hold goes before the next.
    let (mut stock, mut bookings) = (MockStockRepository::new(), no_bookings());
    let mut order = Sequence::new();
    stock
        .expect_close()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _, _| Ok(ClosingState::Holds));
    stock
        .expect_closing_state()
        .times(2)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(ClosingState::Holds));
    stock
        .expect_closing_state()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(ClosingState::Clear));
    bookings
        .expect_any_trace_of()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(false));
    stock
        .expect_delete_closed()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _, _, _| Ok(DeleteOutcome::Deleted(Box::new(event()))));
    assert!(delete(stock, bookings).await.is_ok());
}

#[tokio::test]
async fn an_event_with_bookings_is_not_even_closed() {
    let mut bookings = MockBookingRepository::new();
    let look = bookings.expect_any_booking_of().times(1);
    look.returning(|_| Ok(true));
    let answer = delete(MockStockRepository::new(), bookings).await;
    assert!(matches!(answer, Err(DeleteEventError::HasBookings)));
}

#[tokio::test]
async fn without_a_look_for_bookings_nothing_is_closed() {
    let mut bookings = MockBookingRepository::new();
    let look = bookings.expect_any_booking_of().times(1);
    look.returning(|_| Err(StoreError::unavailable("mysql", "gone")));
    let answer = delete(MockStockRepository::new(), bookings).await;
    assert!(matches!(answer, Err(DeleteEventError::Failed(_))));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_booked_meanwhile_is_opened_again() {
    let (mut stock, mut bookings) = (MockStockRepository::new(), no_bookings());
    stock
        .expect_close()
        .times(1)
        .returning(|_, _, _| Ok(ClosingState::Clear));
    stock
        .expect_closing_state()
        .times(1)
        .returning(|_, _| Ok(ClosingState::Clear));
    bookings
        .expect_any_trace_of()
        .times(1)
        .returning(|_| Ok(true));
    stock.expect_reopen().times(1).returning(|_, _| Ok(()));
    assert!(matches!(
        delete(stock, bookings).await,
        Err(DeleteEventError::HasBookings)
    ));
}

#[tokio::test(start_paused = true)]
async fn holds_that_stay_open_the_event_again() {
    let mut stock = MockStockRepository::new();
    stock
        .expect_close()
        .times(1)
        .returning(|_, _, _| Ok(ClosingState::Holds));
    stock
        .expect_closing_state()
        .returning(|_, _| Ok(ClosingState::Holds));
    stock.expect_reopen().times(1).returning(|_, _| Ok(()));
    let answer = delete(stock, no_bookings()).await;
    assert!(matches!(answer, Err(DeleteEventError::Failed(_))));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_fails_on_the_way_opens_the_event_again() {
    let (mut stock, mut bookings) = (MockStockRepository::new(), no_bookings());
    stock
        .expect_close()
        .times(1)
        .returning(|_, _, _| Ok(ClosingState::Clear));
    stock
        .expect_closing_state()
        .times(1)
        .returning(|_, _| Ok(ClosingState::Clear));
    bookings
        .expect_any_trace_of()
        .times(1)
        .returning(|_| Err(StoreError::unavailable("mysql", "gone")));
    stock.expect_reopen().times(1).returning(|_, _| Ok(()));
    assert!(matches!(
        delete(stock, bookings).await,
        Err(DeleteEventError::Failed(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn another_deletion_is_not_disturbed() {
    let mut stock = MockStockRepository::new();
    stock
        .expect_close()
        .times(1)
        .returning(|_, _, _| Ok(ClosingState::NotMine));
    let answer = delete(stock, no_bookings()).await;
    assert!(matches!(answer, Err(DeleteEventError::Failed(_))));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_event_is_not_found() {
    let mut stock = MockStockRepository::new();
    stock
        .expect_close()
        .times(1)
        .returning(|_, _, _| Ok(ClosingState::Gone));
    let answer = delete(stock, no_bookings()).await;
    assert!(matches!(answer, Err(DeleteEventError::NotFound)));
}

#[tokio::test]
async fn a_closing_of_unknown_outcome_is_opened_again() {
    let mut stock = MockStockRepository::new();
    let mut order = Sequence::new();
    stock
        .expect_close()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _, _| Err(StoreError::unavailable("mongodb", "gone")));
    stock
        .expect_reopen()
        .times(1)
        .in_sequence(&mut order)
        .returning(|_, _| Ok(()));
    let result = delete(stock, no_bookings()).await;
    assert!(
        matches!(result, Err(DeleteEventError::Failed(_))),
        "{result:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_revision_is_left_open() {
    let mut stock = MockStockRepository::new();
    stock
        .expect_close()
        .withf(|_, _, expected| *expected == first_revision())
        .times(1)
        .returning(|_, _, _| Ok(ClosingState::Outdated));
    let answer = delete(stock, no_bookings()).await;
    assert!(matches!(answer, Err(DeleteEventError::Outdated)));
}

#[tokio::test(start_paused = true)]
async fn an_event_that_was_edited_while_it_was_closed_is_opened_again() {
    let (mut stock, mut bookings) = (MockStockRepository::new(), no_bookings());
    let close = stock.expect_close().times(1);
    close.returning(|_, _, _| Ok(ClosingState::Clear));
    let look = stock.expect_closing_state().times(1);
    look.returning(|_, _| Ok(ClosingState::Clear));
    bookings.expect_any_trace_of().returning(|_| Ok(false));
    stock
        .expect_delete_closed()
        .withf(|_, _, expected, _| *expected == first_revision())
        .times(1)
        .returning(|_, _, _, _| Ok(DeleteOutcome::Outdated));
    stock.expect_reopen().times(1).returning(|_, _| Ok(()));
    let answer = delete(stock, bookings).await;
    assert!(matches!(answer, Err(DeleteEventError::Outdated)));
}

/// A part of two rows of the list of available events, of which the repository has `there`.
async fn listed(start: Start<Moment>, there: usize) -> EventList {
    let now = runtime().clock.now();
    let mut events = MockEventRepository::new();
    events
        .expect_list()
        // What begins at this moment cannot be booked any more.
        .withf(move |query, from, limit| {
            query.filter.from.is_some_and(|from| from > now) && *from == start && *limit == 3
        })
        .return_once(move |_, _, _| Ok(vec![event(); there]));
    let counts = usize::from(matches!(start, Start::Offset(_)));
    events
        .expect_count()
        .withf(move |filter| filter.available && filter.from.is_some_and(|from| from > now))
        .times(counts)
        .returning(|_| Ok(9));
    let (stock, bookings) = (MockStockRepository::new(), MockBookingRepository::new());
    let ports = ports(events, stock, bookings);
    let filter = EventFilter {
        available: true,
        ..EventFilter::default()
    };
    let query = EventQuery {
        filter,
        ..EventQuery::default()
    };
    let service = EventService::new(ports, Duration::from_secs(60));
    let size = PageSize::new(2).unwrap();
    service.list(query, start, size).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_list_is_counted_by_page_and_not_behind_a_cursor() {
    let place = event().position();
    for (there, next) in [(2, None), (3, Some(place))] {
        let page = listed(Start::Offset(4), there).await;
        assert_eq!((page.events.rows.len(), page.events.next), (2, next));
        assert_eq!(page.total, Some(9));
        for walk in [Start::First, Start::After(place)] {
            let part = listed(walk, there).await;
            assert_eq!((part.events.rows.len(), part.events.next), (2, next));
            assert_eq!(part.total, None);
        }
    }
}

/// A list of events with these words, from its beginning on.
async fn searched(service: &EventService, words: Option<&str>) -> Result<EventList, Failure> {
    let filter = EventFilter {
        search: words.map(|words| SearchWords::parse(words).unwrap()),
        tag: Some(Tag::parse("a").unwrap()),
        ..EventFilter::default()
    };
    let query = EventQuery {
        filter,
        ..EventQuery::default()
    };
    let size = PageSize::new(2).unwrap();
    service.list(query, Start::First, size).await
}

#[tokio::test(start_paused = true)]
async fn a_few_searches_run_at_once_whether_or_not_their_clients_wait() {
    let mut events = MockEventRepository::new();
    events.expect_list().returning(|_, _, _| Ok(vec![event()]));
    let running: Arc<Mutex<Vec<Task>>> = Arc::default();
    let mut spawner = MockSpawner::new();
    let tasks = Arc::clone(&running);
    spawner
        .expect_spawn()
        .returning(move |task| tasks.lock().unwrap().push(task));
    let (stock, bookings) = (MockStockRepository::new(), MockBookingRepository::new());
    let mut ports = ports(events, stock, bookings);
    ports.runtime.spawner = Arc::new(spawner);
    let service = EventService::new(ports, Duration::from_secs(60));
    for _ in 0..4 {
        // Each client hangs up at once.
        assert!(searched(&service, Some("rare")).now_or_never().is_none());
    }
    let refused = searched(&service, Some("rare")).await;
    assert!(matches!(refused, Err(Failure::Unavailable(_))));
    // What an index finds is not their like.
    assert!(searched(&service, None).await.is_ok());
    let ended = std::mem::take(&mut *running.lock().unwrap());
    futures_util::future::join_all(ended).await;
    assert!(searched(&service, Some("rare")).now_or_never().is_none());
    assert_eq!(running.lock().unwrap().len(), 1);
}
