//! What background work measures, read as Prometheus reads it.

use domain::booking::{FenceOutcome, MockBookingRepository, Quantity, ReservationRow};
use domain::error::StoreError;
use domain::event::EventId;
use domain::stock::{
    Hold, HoldRef, MockStockRepository, Recovery, ReservationId, Settler, TicketType,
};
use domain::user::UserId;

use super::*;

const GRACE: Duration = Duration::from_secs(30);

fn hold(number: u128) -> HoldRef {
    HoldRef {
        event_id: EventId::parse("507f1f77bcf86cd799439011").unwrap(),
        reservation_id: ReservationId::new(uuid::Uuid::from_u128(number)),
    }
}

/// What `make` makes measures into a recorder of its own, which is read by the function.
fn measured<T>(make: impl FnOnce() -> T) -> (T, impl Fn(&str) -> f64) {
    let recorder = builder().unwrap().build_recorder();
    let made = metrics::with_local_recorder(&recorder, make);
    let read = move |series: &str| {
        let text = recorder.handle().render();
        let values = text.lines().find_map(|line| line.strip_prefix(series));
        values.unwrap().trim().parse().unwrap()
    };
    (made, read)
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
        user_id: UserId::new(7),
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
