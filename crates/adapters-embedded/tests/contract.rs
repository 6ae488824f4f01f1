//! The port contracts on SQLite.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use adapters_embedded::Embedded;
use domain::testing::contract::{Documents, Relational};
use tempfile::TempDir;

async fn opened() -> (TempDir, Embedded) {
    let folder = tempfile::tempdir().unwrap();
    let embedded = Embedded::open(folder.path()).await.unwrap();
    (folder, embedded)
}

async fn relational() -> Relational {
    let (folder, embedded) = opened().await;
    Relational {
        sessions: embedded.sessions(),
        attempts: embedded.attempts(),
        users: embedded.users(),
        bookings: embedded.bookings(),
        outbox: embedded.outbox(),
        survey: embedded.booking_survey(),
        checkpoint: embedded.leading_checkpoint(),
        guard: Box::new((embedded, folder)),
    }
}

async fn documents() -> Documents {
    let (folder, embedded) = opened().await;
    Documents {
        events: embedded.events(),
        stock: embedded.stock(),
        audit: embedded.audit(),
        trail: embedded.trail(),
        survey: embedded.stock_survey(),
        repair: embedded.stock_repair(),
        checkpoint: embedded.following_checkpoint(),
        guard: Box::new((embedded, folder)),
    }
}

domain::document_contract_tests!(documents);
domain::relational_contract_tests!(relational);
