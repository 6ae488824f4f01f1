//! Ids that nobody has made before.

use std::sync::atomic::{AtomicU32, Ordering};

use domain::audit::AuditId;
use domain::event::EventId;
use domain::runtime::IdGenerator;
use domain::session::{RefreshToken, SecretSource, SessionId};
use domain::stock::{ClosingToken, ReservationId};
use uuid::Uuid;

/// UUIDv7 (RFC 9562) and ObjectIds (seconds, five random bytes per process, a counter).
pub(crate) struct RandomIds {
    process: [u8; 5],
    counter: AtomicU32,
}

impl RandomIds {
    pub(crate) fn new() -> Self {
        Self {
            process: rand::random(),
            counter: AtomicU32::new(rand::random()),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the port's one implementation"
    )]
    fn object_id(&self) -> [u8; 12] {
        let seconds = u32::try_from(chrono::Utc::now().timestamp()).unwrap_or(u32::MAX);
        let count = self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        bytes[4..9].copy_from_slice(&self.process);
        bytes[9..].copy_from_slice(&count[1..]);
        bytes
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the port's one implementation"
)]
pub(crate) fn uuid() -> Uuid {
    Uuid::now_v7()
}

impl IdGenerator for RandomIds {
    fn event_id(&self) -> EventId {
        EventId::from_bytes(self.object_id())
    }

    fn reservation_id(&self) -> ReservationId {
        ReservationId::new(uuid())
    }

    fn closing_token(&self) -> ClosingToken {
        ClosingToken::new(uuid())
    }

    fn audit_id(&self) -> AuditId {
        AuditId::from_bytes(self.object_id())
    }

    fn session_id(&self) -> SessionId {
        SessionId::new(uuid())
    }
}

/// From the operating system's randomness by way of a cryptographic generator.
impl SecretSource for RandomIds {
    fn refresh_token(&self) -> RefreshToken {
        RefreshToken::new(rand::random())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_do_not_repeat() {
        let ids = RandomIds::new();
        let made: HashSet<String> = (0..10_000).map(|_| ids.event_id().to_string()).collect();
        assert_eq!(made.len(), 10_000);
    }
}
