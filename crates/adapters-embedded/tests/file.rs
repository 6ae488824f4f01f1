//! The file itself: who may read it, what a crash leaves, and two processes on it.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;
use std::sync::Arc;

use adapters_embedded::{Embedded, OpenError};
use domain::booking::Quantity;
use domain::event::{
    Capacity, Description, EventDetails, EventId, Location, Metadata, NewEvent, Title,
};
use domain::runtime::IdGenerator;
use domain::stock::{Refusal, Reservation, ReserveOutcome, StockBatch, TicketType};
use domain::testing::SequentialIds;
use domain::time::Timestamp;
use domain::user::UserId;
use futures_util::future::join_all;

static IDS: SequentialIds = SequentialIds::new();

fn new_event(tickets: i64) -> NewEvent {
    NewEvent {
        id: IDS.event_id(),
        details: EventDetails {
            title: Title::parse("Title").unwrap(),
            description: Description::parse("Text").unwrap(),
            date: Timestamp::parse("2999-01-01T00:00:00Z").unwrap(),
            location: Location::parse("Hall").unwrap(),
            capacity: Capacity::new(tickets).unwrap(),
            metadata: Metadata::default(),
        },
        created_by: UserId::new(1),
        created_at: Timestamp::from_millis(0),
        key: None,
    }
}

fn wish(event_id: EventId) -> StockBatch {
    let reservation = Reservation {
        id: IDS.reservation_id(),
        event_id,
        ticket_type: TicketType::general(),
        user_id: UserId::new(1),
        quantity: Quantity::ONE,
        key_hash: None,
    };
    StockBatch {
        settle: Vec::new(),
        reserve: vec![reservation],
    }
}

async fn open(folder: &Path) -> Embedded {
    Embedded::open(folder).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_file_never_oversell() {
    let folder = tempfile::tempdir().unwrap();
    // Two handles share nothing but the file, as two processes do.
    let (one, two) = (open(folder.path()).await, open(folder.path()).await);
    let event = one.events().insert(&new_event(20)).await.unwrap();
    let stocks = [one.stock(), two.stock()];
    let calls = (0..60).map(|n| {
        let stock = Arc::clone(&stocks[n % 2]);
        async move { stock.reserve(&wish(event.id)).await.unwrap().remove(0) }
    });
    let outcomes = join_all(calls).await;
    let granted = outcomes
        .iter()
        .filter(|outcome| **outcome == ReserveOutcome::Granted);
    assert_eq!(granted.count(), 20);
    let refused = outcomes
        .iter()
        .filter(|o| **o == ReserveOutcome::Refused(Refusal::SoldOut));
    assert_eq!(refused.count(), 40);
    let left = two
        .events()
        .find(event.id)
        .await
        .unwrap()
        .unwrap()
        .available_tickets;
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_start_at_once_make_the_schema_once() {
    let folder = tempfile::tempdir().unwrap();
    let opened = join_all((0..4).map(|_| open(folder.path()))).await;
    for embedded in opened {
        assert!(
            embedded
                .steps()
                .await
                .unwrap()
                .iter()
                .all(|step| step.applied)
        );
    }
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = open(folder.path()).await;
    let event = embedded.events().insert(&new_event(5)).await.unwrap();
    // What a killed process leaves: the file and the log beside it, nothing closed.
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let revived = open(copy.path()).await;
    assert!(revived.events().find(event.id).await.unwrap().is_some());
}

#[tokio::test]
async fn the_schema_goes_back_and_forward() {
    let folder = tempfile::tempdir().unwrap();
    let embedded = open(folder.path()).await;
    let steps = embedded.steps().await.unwrap().len();
    embedded.down(u32::try_from(steps).unwrap()).await.unwrap();
    assert!(
        embedded
            .steps()
            .await
            .unwrap()
            .iter()
            .all(|step| !step.applied)
    );
    embedded.up().await.unwrap();
    assert!(
        embedded
            .steps()
            .await
            .unwrap()
            .iter()
            .all(|step| step.applied)
    );
}

#[cfg(unix)]
#[tokio::test]
async fn folder_and_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data");
    let embedded = open(&folder).await;
    embedded.events().insert(&new_event(5)).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|f| f.unwrap().path())
        .collect();
    assert_eq!(files.len(), 3, "{files:?}");
    assert!(files.iter().all(|file| mode(file) == 0o600));
}

#[tokio::test]
async fn what_is_no_database_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(Embedded::FILE);
    std::fs::write(
        &file,
        "a letter to a friend, long enough to be no empty file",
    )
    .unwrap();
    let error = Embedded::open(folder.path()).await.unwrap_err();
    assert!(matches!(error, OpenError::NotADatabase { .. }), "{error:?}");
    assert!(
        std::fs::read_to_string(&file)
            .unwrap()
            .starts_with("a letter")
    );
}
