//! Ids that count.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::audit::AuditId;
use crate::event::EventId;
use crate::runtime::IdGenerator;
use crate::session::{RefreshToken, SecretSource, SessionId};
use crate::stock::{ClosingToken, ReservationId};

/// Ids in ascending order, in the forms that real ones have: UUIDs of version 7 and ObjectIds.
#[derive(Debug, Default)]
pub struct SequentialIds(AtomicU64);

/// A UUID of version 7, from the time 2024-06-10, whose low bits are to be counted up.
const UUID: u128 = 0x0190_0000_0000_7000_8000_0000_0000_0000;
/// The seconds and the random part of an ObjectId of the same time.
const OBJECT_ID: [u8; 4] = [0x66, 0x66, 0x66, 0x66];

impl SequentialIds {
    /// Ids from 1 on.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn uuid(&self) -> Uuid {
        Uuid::from_u128(UUID | u128::from(self.next()))
    }

    fn object_id(&self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[..4].copy_from_slice(&OBJECT_ID);
        bytes[4..].copy_from_slice(&self.next().to_be_bytes());
        bytes
    }
}

impl IdGenerator for SequentialIds {
    fn event_id(&self) -> EventId {
        EventId::from_bytes(self.object_id())
    }

    fn reservation_id(&self) -> ReservationId {
        ReservationId::new(self.uuid())
    }

    fn closing_token(&self) -> ClosingToken {
        ClosingToken::new(self.uuid())
    }

    fn audit_id(&self) -> AuditId {
        AuditId::from_bytes(self.object_id())
    }

    fn session_id(&self) -> SessionId {
        SessionId::new(self.uuid())
    }
}

/// Secrets that anybody can guess, the numbers from 1 on.
impl SecretSource for SequentialIds {
    fn refresh_token(&self) -> RefreshToken {
        let mut bits = [0; 32];
        bits[24..].copy_from_slice(&self.next().to_be_bytes());
        RefreshToken::new(bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_ascend() {
        let ids = SequentialIds::new();
        assert!(ids.event_id() < ids.event_id());
        assert!(ids.reservation_id() < ids.reservation_id());
        assert_ne!(ids.closing_token(), ids.closing_token());
        assert_eq!(
            ids.reservation_id().to_string(),
            "01900000-0000-7000-8000-000000000007"
        );
    }
}
