//! Repairing, on the in-memory stores.

use std::time::Duration;

use super::*;
use crate::audit::{Action, AuditRecord};
use crate::booking::{
    Booking, BookingRepository, CancelOutcome, Cancellation, CommitOutcome, NewBooking, Quantity,
};
use crate::error::StoreError;
use crate::event::{
    Capacity, Description, EventDetails, EventRepository, ExpectedRevision, Location, Metadata,
    NewEvent, Title,
};
use crate::request::Identity;
use crate::runtime::Runtime;
use crate::stock::{Recovered, Recovery, Reservation, StockBatch, StockRepository, StockReturn};
use crate::test_runtime::{ADMIN, origin, runtime};
use crate::testing::MemoryBackend;
use crate::time::Timestamp;
use crate::user::{Email, NewUser, PasswordHash, PersonName, Role, UserId, UserRepository};

const GRACE: Duration = Duration::from_secs(30);

/// A shop with an event of ten tickets, of which two bookings have six.
struct Shop {
    backend: MemoryBackend,
    runtime: Runtime,
    event: EventId,
    user: UserId,
    bookings: Vec<Booking>,
}

impl Shop {
    async fn new() -> Self {
        let (backend, runtime) = (MemoryBackend::new(), runtime());
        let user = NewUser {
            name: PersonName::parse("Ada").unwrap(),
            email: Email::parse("ada@example.org").unwrap(),
            password_hash: PasswordHash::new("hash".to_owned()),
            role: Role::User,
            created_at: Timestamp::from_millis(0),
        };
        let user = backend.relational.insert(&user).await.unwrap().id;
        let new = NewEvent {
            id: runtime.ids.event_id(),
            details: EventDetails {
                title: Title::parse("Concert").unwrap(),
                description: Description::parse("").unwrap(),
                date: Timestamp::parse("3000-01-01T00:00:00Z").unwrap(),
                location: Location::parse("Hall").unwrap(),
                capacity: Capacity::new(10).unwrap(),
                metadata: Metadata::default(),
            },
            created_by: user,
            created_at: Timestamp::from_millis(0),
            key: None,
        };
        let event = EventRepository::insert(&*backend.documents, &new)
            .await
            .unwrap()
            .id;
        let mut shop = Self {
            backend,
            runtime,
            event,
            user,
            bookings: Vec::new(),
        };
        for tickets in [2, 4] {
            let booking = shop.book(tickets).await;
            shop.bookings.push(booking);
        }
        shop
    }

    async fn reserve(&self, tickets: i64) -> Reservation {
        let wish = Reservation {
            id: self.runtime.ids.reservation_id(),
            event_id: self.event,
            ticket_type: TicketType::general(),
            user_id: self.user,
            quantity: Quantity::new(tickets).unwrap(),
            key_hash: None,
        };
        let batch = StockBatch {
            settle: vec![],
            reserve: vec![wish.clone()],
        };
        self.backend.documents.reserve(&batch).await.unwrap();
        wish
    }

    async fn commit(&self, wish: &Reservation) -> Booking {
        let new = NewBooking {
            reservation_id: wish.id,
            event_id: self.event,
            user_id: self.user,
            ticket_type: TicketType::general(),
            quantity: wish.quantity,
            created_at: Timestamp::from_millis(0),
            key: None,
            audit: self.record(Action::Book),
        };
        match self
            .backend
            .relational
            .commit(&[new])
            .await
            .unwrap()
            .remove(0)
        {
            CommitOutcome::Booked(booking) => booking,
            other => panic!("{other:?}"),
        }
    }

    async fn book(&self, tickets: i64) -> Booking {
        let wish = self.reserve(tickets).await;
        let booking = self.commit(&wish).await;
        self.backend
            .documents
            .settle(&[wish.hold_ref()])
            .await
            .unwrap();
        booking
    }

    /// Cancels, and brings the tickets back.
    async fn cancel(&self, booking: &Booking) {
        let wish = Cancellation {
            booking_id: booking.id,
            by: Identity { ..ADMIN },
            at: Timestamp::from_millis(1),
            key: None,
            audit: self.record(Action::Cancel),
        };
        let outcome = self
            .backend
            .relational
            .cancel(&[wish])
            .await
            .unwrap()
            .remove(0);
        let CancelOutcome::Cancelled(cancelled) = outcome else {
            panic!("{outcome:?}");
        };
        let back: StockReturn = cancelled.stock_return;
        self.backend.documents.apply_returns(&[back]).await.unwrap();
    }

    fn record(&self, action: Action) -> AuditRecord {
        let (ids, at) = (&self.runtime.ids, Timestamp::from_millis(0));
        AuditRecord::new(ids.audit_id(), at, action, &origin())
    }

    fn damage(&self, available: u32) {
        let documents = &self.backend.documents;
        documents.damage(self.event, &TicketType::general(), available);
    }

    fn stock(&self) -> (u32, u64) {
        let view = self.backend.documents.stock_of(self.event).unwrap();
        assert!(!view.closing, "it is open again");
        (view.available, view.returned)
    }

    fn verification(&self) -> Verification {
        let ports = VerifyPorts {
            stock: self.backend.documents.clone(),
            bookings: self.backend.relational.clone(),
            clock: self.runtime.clock.clone(),
            timer: self.runtime.timer.clone(),
        };
        Verification::new(ports, GRACE)
    }

    fn ports(&self) -> RepairPorts {
        let (documents, relational) = (&self.backend.documents, &self.backend.relational);
        let recovery = Recovery::new(documents.clone(), relational.clone(), GRACE);
        RepairPorts {
            stock: documents.clone(),
            survey: documents.clone(),
            correction: documents.clone(),
            bookings: relational.clone(),
            recovery: Arc::new(recovery),
            runtime: self.runtime.clone(),
        }
    }

    async fn verify(&self) -> (Summary, Told) {
        let told = Told::default();
        let summary = self.verification().run(&told).await.unwrap();
        (summary, told)
    }

    async fn repair(&self) -> (Summary, Told) {
        let told = Told::default();
        let verification = self.verification().repairing(Repair::new(self.ports()));
        let summary = verification.run(&told).await.unwrap();
        (summary, told)
    }
}

#[tokio::test(start_paused = true)]
async fn a_whole_system_is_left_as_it_is() {
    let shop = Shop::new().await;
    shop.reserve(1).await;
    let before = shop.backend.documents.stock_of(shop.event);
    let (summary, told) = shop.repair().await;
    assert_eq!((summary.outcome(), told.all()), (Outcome::Whole, vec![]));
    assert_eq!(summary.recovered, Recovered::default());
    assert_eq!(shop.backend.documents.stock_of(shop.event), before);
}

#[tokio::test(start_paused = true)]
async fn tickets_too_few_and_too_many_are_set_right() {
    for wrong in [0, 3, 9] {
        let shop = Shop::new().await;
        shop.cancel(&shop.bookings[0]).await;
        let held = shop.reserve(1).await;
        assert_eq!(shop.stock(), (5, 2));
        shop.damage(wrong);
        let (summary, _) = shop.verify().await;
        assert_eq!(summary.outcome(), Outcome::Broken);
        let (summary, told) = shop.repair().await;
        assert_eq!(told.kinds(), ["broken", "repaired"]);
        let change = Change {
            ticket_type: TicketType::general(),
            available: (i64::from(wrong), 5),
            returned: (2, 2),
        };
        let repaired = Finding::Repaired {
            event_id: shop.event,
            changes: vec![change],
        };
        assert_eq!(told.all()[1], repaired);
        assert_eq!((summary.repaired, summary.outcome()), (1, Outcome::Whole));
        assert_eq!(shop.stock(), (5, 2));
        // The hold lives on, and the booking that it becomes is whole.
        shop.commit(&held).await;
        shop.backend
            .documents
            .settle(&[held.hold_ref()])
            .await
            .unwrap();
        assert_eq!(shop.verify().await.0.outcome(), Outcome::Whole);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_left_half_done_is_brought_to_its_end() {
    let shop = Shop::new().await;
    let (booked, lost) = (shop.reserve(1).await, shop.reserve(2).await);
    shop.commit(&booked).await;
    // As damage that leaves no room for what comes back.
    shop.damage(9);
    shop.backend.clock.advance(GRACE * 2);
    let (summary, told) = shop.repair().await;
    assert_eq!(told.kinds(), ["old holds", "broken", "repaired"]);
    let recovered = Recovered {
        settled: 1,
        released: 1,
        ..Recovered::default()
    };
    assert_eq!(summary.recovered, recovered);
    assert_eq!(shop.stock(), (3, 0));
    let rows = shop.backend.relational.rows();
    assert!(
        rows.iter()
            .any(|row| row.reservation_id == lost.id && row.booking.is_none())
    );
    assert_eq!(shop.verify().await.1.all(), []);
}

#[tokio::test(start_paused = true)]
async fn what_was_sold_above_the_total_is_told_and_not_sold_again() {
    let shop = Shop::new().await;
    // As if the store had forgotten the six, and they were sold once more.
    shop.damage(10);
    let again = [shop.book(3).await, shop.book(3).await];
    shop.book(1).await;
    let (summary, told) = shop.repair().await;
    assert_eq!(told.kinds(), ["broken", "repaired", "oversold"]);
    let oversold = Finding::Oversold {
        event_id: shop.event,
        ticket_type: TicketType::general(),
        tickets: 3,
    };
    assert_eq!(told.all()[2], oversold);
    assert_eq!((summary.broken, summary.repaired), (1, 0));
    assert_eq!(shop.stock(), (0, 3));
    // Thirteen people for ten tickets: the first three that come back are sold to nobody.
    shop.cancel(&again[0]).await;
    assert_eq!(shop.stock(), (0, 3));
    assert_eq!(shop.verify().await.0.outcome(), Outcome::Whole);
    shop.cancel(&again[1]).await;
    assert_eq!(shop.stock(), (3, 6));
    assert_eq!(shop.verify().await.0.outcome(), Outcome::Whole);
}

#[tokio::test(start_paused = true)]
async fn bookings_that_were_forgotten_go_back_into_the_stock() {
    let shop = Shop::new().await;
    // The bookings' store is of an earlier day: it never heard of a cancellation.
    let ahead = StockReturn {
        event_id: shop.event,
        ticket_type: TicketType::general(),
        returned: 2,
    };
    shop.backend
        .documents
        .apply_returns(&[ahead])
        .await
        .unwrap();
    let (summary, told) = shop.repair().await;
    assert_eq!(told.kinds(), ["broken", "repaired"]);
    assert_eq!(summary.outcome(), Outcome::Whole);
    assert_eq!(shop.stock(), (4, 0));
}

#[tokio::test(start_paused = true)]
async fn bookings_whose_event_is_gone_stay_and_are_told() {
    let shop = Shop::new().await;
    shop.backend.documents.lose(shop.event);
    let (summary, told) = shop.repair().await;
    let unknown = Finding::UnknownEvent {
        event_id: shop.event,
        tickets: 6,
    };
    assert_eq!(
        (told.all(), summary.outcome()),
        (vec![unknown], Outcome::Broken)
    );
    assert_eq!(shop.backend.relational.bookings().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_somebody_keeps_closed_waits_for_the_grace() {
    let shop = Shop::new().await;
    let other = shop.runtime.ids.closing_token();
    shop.damage(9);
    shop.backend
        .documents
        .close(shop.event, other, &ExpectedRevision::Any)
        .await
        .unwrap();
    let (summary, told) = shop.repair().await;
    assert_eq!(told.kinds(), ["broken", "not repaired"]);
    assert_eq!(summary.outcome(), Outcome::Broken);
    shop.backend.clock.advance(GRACE * 2);
    let (summary, told) = shop.repair().await;
    assert_eq!(told.kinds(), ["old closing", "broken", "repaired"]);
    assert_eq!(summary.outcome(), Outcome::Whole);
    assert_eq!(shop.stock(), (4, 0));
}

/// A correction that comes to nothing as often as it is told to, because something moved the stock.
fn racing(shop: &Shop, failures: usize) -> MockStockRepair {
    let (documents, event) = (shop.backend.documents.clone(), shop.event);
    let mut correction = MockStockRepair::new();
    let mut sent = 0;
    correction
        .expect_correct()
        .returning(move |of, token, version, types| {
            sent += 1;
            if sent <= failures {
                let back = StockReturn {
                    event_id: event,
                    ticket_type: TicketType::general(),
                    returned: 1,
                };
                futures_util::future::FutureExt::now_or_never(documents.apply_returns(&[back]))
                    .unwrap()?;
            }
            futures_util::future::FutureExt::now_or_never(
                documents.correct(of, token, version, types),
            )
            .unwrap()
        });
    correction
}

#[tokio::test(start_paused = true)]
async fn a_correction_that_meets_a_move_is_made_anew() {
    let shop = Shop::new().await;
    shop.damage(1);
    let ports = RepairPorts {
        correction: Arc::new(racing(&shop, 1)),
        ..shop.ports()
    };
    let told = Told::default();
    let verification = shop.verification().repairing(Repair::new(ports));
    let summary = verification.run(&told).await.unwrap();
    assert_eq!((summary.outcome(), shop.stock()), (Outcome::Whole, (4, 0)));
}

#[tokio::test(start_paused = true)]
async fn an_event_whose_correction_fails_is_open_again() {
    let shop = Shop::new().await;
    shop.damage(1);
    let mut correction = MockStockRepair::new();
    correction
        .expect_correct()
        .times(1)
        .returning(|_, _, _, _| Err(StoreError::unavailable("documents", "gone")));
    let ports = RepairPorts {
        correction: Arc::new(correction),
        ..shop.ports()
    };
    let verification = shop.verification().repairing(Repair::new(ports));
    assert!(verification.run(&Told::default()).await.is_err());
    assert_eq!(shop.stock(), (1, 0));
}
