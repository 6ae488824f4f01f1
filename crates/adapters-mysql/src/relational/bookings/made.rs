//! Bookings that are there only to be worked on by tests.

use domain::audit::{Action, AuditId, AuditRecord};
use domain::booking::{NewBooking, Quantity};
use domain::event::EventId;
use domain::request::{Origin, RequestId};
use domain::runtime::IdGenerator;
use domain::stock::TicketType;
use domain::testing::SequentialIds;
use domain::time::Timestamp;
use domain::user::UserId;

/// One of each of the users, in this order.
pub(super) fn bookings(users: &[i64]) -> Vec<NewBooking> {
    let (ids, at) = (SequentialIds::default(), Timestamp::from_millis(0));
    let origin = Origin {
        request_id: RequestId::unknown(),
        address: None,
    };
    let booking = |user: &i64| NewBooking {
        reservation_id: ids.reservation_id(),
        event_id: EventId::from_bytes([7; 12]),
        user_id: UserId::new(*user),
        ticket_type: TicketType::general(),
        quantity: Quantity::ONE,
        created_at: at,
        key: None,
        audit: AuditRecord::new(AuditId::from_bytes([1; 12]), at, Action::Book, &origin),
    };
    users.iter().map(booking).collect()
}
