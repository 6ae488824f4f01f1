//! The contract suites on the stores in memory, and what these offer beyond the ports.

use std::time::Duration;

use super::*;
use crate::audit::{Action, AuditLog, AuditRecord};
use crate::booking::{
    BookingRepository, CommitError, CommitOutcome, NewBooking, OutboxId, OutboxRepository, Quantity,
};
use crate::event::{
    Capacity, Description, Event, EventDetails, EventRepository, ExpectedRevision, Location,
    Metadata, NewEvent, Title,
};
use crate::health::Probe;
use crate::request::{Origin, RequestId};
use crate::runtime::{Clock, IdGenerator};
use crate::stock::{
    Refusal, Reservation, ReserveError, ReserveOutcome, StockBatch, StockRepository, StockReturn,
    TicketType,
};
use crate::testing::SequentialIds;
use crate::testing::contract::{Documents, Relational};
use crate::user::{Email, NewUser, PasswordHash, PersonName, Role, User, UserId, UserRepository};

async fn relational() -> Relational {
    let store = MemoryBackend::new().relational;
    Relational {
        users: store.clone(),
        sessions: store.clone(),
        attempts: store.clone(),
        bookings: store.clone(),
        outbox: store.clone(),
        survey: store.clone(),
        checkpoint: store,
        guard: Box::new(()),
    }
}

async fn documents() -> Documents {
    let store = MemoryBackend::new().documents;
    Documents {
        events: store.clone(),
        stock: store.clone(),
        audit: store.clone(),
        trail: store.clone(),
        survey: store.clone(),
        repair: store.clone(),
        checkpoint: store,
        guard: Box::new(()),
    }
}

crate::relational_contract_tests!(relational);
crate::document_contract_tests!(documents);

static IDS: SequentialIds = SequentialIds::new();

fn record() -> AuditRecord {
    let origin = Origin {
        request_id: RequestId::parse("r").unwrap(),
        address: None,
    };
    let at = ManualClock::default().now();
    AuditRecord::new(IDS.audit_id(), at, Action::Book, &origin)
}

async fn user(backend: &MemoryBackend) -> User {
    let new = NewUser {
        name: PersonName::parse("Ada").unwrap(),
        email: Email::parse("ada@example.org").unwrap(),
        password_hash: PasswordHash::new(String::new()),
        role: Role::User,
        created_at: backend.clock.now(),
    };
    backend.relational.insert(&new).await.unwrap()
}

/// An event of ten tickets that begins in an hour.
async fn event(backend: &MemoryBackend) -> Event {
    let new = NewEvent {
        id: IDS.event_id(),
        details: EventDetails {
            title: Title::parse("Talk").unwrap(),
            description: Description::parse("").unwrap(),
            date: backend.clock.now().plus(Duration::from_secs(3_600)),
            location: Location::parse("Hall").unwrap(),
            capacity: Capacity::new(10).unwrap(),
            metadata: Metadata::default(),
        },
        created_by: UserId::new(1),
        created_at: backend.clock.now(),
        key: None,
    };
    EventRepository::insert(&*backend.documents, &new)
        .await
        .unwrap()
}

fn batch(event: &Event) -> StockBatch {
    StockBatch {
        settle: Vec::new(),
        reserve: vec![Reservation {
            id: IDS.reservation_id(),
            event_id: event.id,
            ticket_type: TicketType::general(),
            user_id: UserId::new(1),
            quantity: Quantity::ONE,
            key_hash: None,
        }],
    }
}

fn booking(user: UserId, event: &Event) -> NewBooking {
    NewBooking {
        reservation_id: IDS.reservation_id(),
        event_id: event.id,
        user_id: user,
        ticket_type: TicketType::general(),
        quantity: Quantity::ONE,
        created_at: event.created_at,
        key: None,
        audit: record(),
    }
}

#[tokio::test]
async fn an_event_begins_when_the_clock_says_so() {
    let backend = MemoryBackend::new();
    let event = event(&backend).await;
    let reserve = async || backend.documents.reserve(&batch(&event)).await.unwrap();
    backend.clock.advance(Duration::from_secs(3_599));
    assert_eq!(reserve().await, [ReserveOutcome::Granted]);
    backend.clock.advance(Duration::from_secs(1));
    let ended = ReserveOutcome::Refused(Refusal::EventEnded);
    assert_eq!(reserve().await, [ended]);
}

#[tokio::test]
async fn holds_and_closings_age_with_the_clock() {
    let backend = MemoryBackend::new();
    let (event, stock) = (event(&backend).await, &backend.documents);
    stock.reserve(&batch(&event)).await.unwrap();
    stock
        .close(event.id, IDS.closing_token(), &ExpectedRevision::Any)
        .await
        .unwrap();
    let age = Duration::from_secs(30);
    let count = async || {
        let holds = stock.stale_holds(age, 10).await.unwrap().len();
        (holds, stock.stale_closings(age, 10).await.unwrap().len())
    };
    backend.clock.advance(age - Duration::from_millis(1));
    assert_eq!(count().await, (0, 0));
    backend.clock.advance(Duration::from_millis(1));
    assert_eq!(count().await, (1, 1));
    let view = stock.stock_of(event.id).unwrap();
    assert_eq!((view.total, view.available, view.returned), (10, 9, 0));
    assert_eq!((view.holds.len(), view.closing, view.version), (1, true, 1));
}

#[tokio::test]
async fn more_than_was_sold_cannot_come_back() {
    let backend = MemoryBackend::new();
    let event = event(&backend).await;
    let back = StockReturn {
        event_id: event.id,
        ticket_type: TicketType::general(),
        returned: 1,
    };
    let answer = backend.documents.apply_returns(&[back]).await;
    assert!(matches!(answer, Err(StoreError::Unexpected { .. })));
    assert_eq!(backend.documents.stock_of(event.id).unwrap().available, 10);
}

#[tokio::test]
async fn a_deleted_user_is_gone_and_the_bookings_stay() {
    let backend = MemoryBackend::new();
    let (user, event) = (user(&backend).await, event(&backend).await);
    let bookings = &backend.relational;
    let (first, second) = (booking(user.id, &event), booking(user.id, &event));
    bookings.commit(&[first]).await.unwrap();
    bookings.delete_user(user.id);
    assert_eq!(bookings.find(user.id).await.unwrap(), None);
    let outcomes = bookings.commit(&[second]).await.unwrap();
    assert_eq!(outcomes, [CommitOutcome::UserGone]);
    assert_eq!((bookings.bookings().len(), bookings.user_count()), (1, 0));
    assert_eq!((bookings.rows().len(), bookings.outbox_len()), (1, 1));
    assert_eq!(bookings.returned(event.id, &TicketType::general()), 0);
}

#[tokio::test]
async fn an_audit_record_is_kept_once_and_as_it_was_first() {
    let log = MemoryBackend::new().documents;
    let first = record();
    let changed = first.clone().with("late", true);
    log.append(std::slice::from_ref(&first)).await.unwrap();
    log.append(&[changed, first.clone()]).await.unwrap();
    assert_eq!(log.audit_records(), [first]);
}

#[tokio::test]
async fn a_store_that_is_away_fails_and_changes_nothing() {
    let backend = MemoryBackend::new();
    let (user, event) = (user(&backend).await, event(&backend).await);
    let (relational, documents) = (&backend.relational, &backend.documents);
    relational.set_away(true);
    documents.set_away(true);
    assert!(relational.ping().await.unwrap_err().is_unavailable());
    assert!(documents.ping().await.unwrap_err().is_unavailable());
    assert!(relational.pending(OutboxId::START, 1).await.is_err());
    // Both are known not to have happened.
    let committed = relational.commit(&[booking(user.id, &event)]).await;
    assert!(matches!(committed, Err(CommitError::RolledBack(_))));
    let reserved = documents.reserve(&batch(&event)).await;
    assert!(matches!(reserved, Err(ReserveError::NotExecuted(_))));
    relational.set_away(false);
    documents.set_away(false);
    assert_eq!(relational.rows(), []);
    assert_eq!(documents.stock_of(event.id).unwrap().available, 10);
    assert_eq!(documents.event_count(), 1);
}
