//! The machine's ports on tokio, for this crate's own tests: with paused time nothing waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;
use uuid::Uuid;

use crate::audit::AuditId;
use crate::event::EventId;
use crate::request::{Identity, Origin, RequestId};
use crate::runtime::{Clock, IdGenerator, Runtime, Spawner, Task, Timer};
use crate::session::SessionId;
use crate::stock::{ClosingToken, ReservationId};
use crate::time::Timestamp;
use crate::user::{Role, UserId};

pub(crate) const USER: Identity = Identity {
    user_id: UserId::new(7),
    role: Role::User,
};
pub(crate) const ADMIN: Identity = Identity {
    user_id: UserId::new(1),
    role: Role::Admin,
};

pub(crate) fn origin() -> Origin {
    Origin {
        request_id: RequestId::parse("test").unwrap(),
        address: None,
    }
}

pub(crate) fn runtime() -> Runtime {
    Runtime {
        clock: Arc::new(TestClock(Instant::now())),
        timer: Arc::new(TestTimer),
        spawner: Arc::new(TestSpawner),
        ids: Arc::new(TestIds(AtomicU64::new(1))),
    }
}

struct TestClock(Instant);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::parse("2030-01-01T00:00:00Z")
            .unwrap()
            .plus(self.0.elapsed())
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

struct TestTimer;

#[async_trait]
impl Timer for TestTimer {
    async fn sleep(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }
}

struct TestSpawner;

impl Spawner for TestSpawner {
    fn spawn(&self, task: Task) {
        tokio::spawn(task);
    }
}

struct TestIds(AtomicU64);

impl TestIds {
    fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    fn object_id(&self) -> [u8; 12] {
        let mut bytes = [0; 12];
        bytes[4..].copy_from_slice(&self.next().to_be_bytes());
        bytes
    }
}

impl IdGenerator for TestIds {
    fn event_id(&self) -> EventId {
        EventId::from_bytes(self.object_id())
    }

    fn reservation_id(&self) -> ReservationId {
        ReservationId::new(Uuid::from_u128(u128::from(self.next())))
    }

    fn closing_token(&self) -> ClosingToken {
        ClosingToken::new(Uuid::from_u128(u128::from(self.next())))
    }

    fn audit_id(&self) -> AuditId {
        AuditId::from_bytes(self.object_id())
    }

    fn session_id(&self) -> SessionId {
        SessionId::new(Uuid::from_u128(u128::from(self.next())))
    }
}
