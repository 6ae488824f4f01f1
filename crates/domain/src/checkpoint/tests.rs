//! Checkpoints, with mocked and with in-memory stores.

use super::*;
use crate::testing::MemoryBackend;

fn checkpoint(n: u64, second: i64) -> Checkpoint {
    Checkpoint {
        n,
        at: Timestamp::from_millis(second * 1_000),
    }
}

fn checkpoints(on: &MemoryBackend) -> Checkpoints {
    let (bookings, events) = (on.relational.clone(), on.documents.clone());
    Checkpoints::new(bookings, events, on.clock.clone())
}

async fn reached(on: &MemoryBackend) -> (Option<u64>, Option<u64>) {
    let bookings = LeadingCheckpoint::read(&*on.relational).await.unwrap();
    let events = FollowingCheckpoint::read(&*on.documents).await.unwrap();
    (bookings.map(|c| c.n), events.map(|c| c.n))
}

#[test]
fn a_crash_between_the_writes_is_no_reason_to_refuse() {
    let cases = [
        (None, None, false),
        (None, Some(checkpoint(0, 0)), false),
        (Some(checkpoint(5, 50)), Some(checkpoint(5, 50)), false),
        // One instance, however long ago.
        (Some(checkpoint(5, 500)), Some(checkpoint(4, 50)), false),
        // Several instances that crashed at once.
        (Some(checkpoint(9, 70)), Some(checkpoint(4, 50)), false),
        // The events went back.
        (Some(checkpoint(9, 81)), Some(checkpoint(4, 50)), true),
        (Some(checkpoint(1, 50)), None, true),
        // The bookings went back.
        (Some(checkpoint(4, 50)), Some(checkpoint(5, 50)), true),
        (None, Some(checkpoint(1, 50)), true),
    ];
    for (bookings, events, expected) in cases {
        let apart = Apart { bookings, events };
        assert_eq!(is_apart(apart), expected, "{apart:?}");
    }
}

#[tokio::test]
async fn several_instances_write_and_agree() {
    let backend = MemoryBackend::new();
    let (one, two) = (checkpoints(&backend), checkpoints(&backend));
    one.write().await.unwrap();
    assert_eq!(reached(&backend).await, (None, None), "it has not compared");
    for instance in [&one, &two] {
        assert_eq!(instance.compare().await.unwrap(), None);
    }
    assert_eq!(reached(&backend).await, (None, Some(0)));
    for instance in [&one, &two, &two, &one] {
        backend.clock.advance(PERIOD);
        instance.write().await.unwrap();
    }
    assert_eq!(reached(&backend).await, (Some(4), Some(4)));
    assert_eq!(checkpoints(&backend).compare().await.unwrap(), None);
}

#[tokio::test]
async fn an_outage_of_the_events_is_no_reason_to_refuse() {
    let backend = MemoryBackend::new();
    let instances = [checkpoints(&backend), checkpoints(&backend)];
    for instance in &instances {
        assert_eq!(instance.compare().await.unwrap(), None);
        instance.write().await.unwrap();
    }
    backend.documents.set_away(true);
    for _ in 0..360 {
        backend.clock.advance(PERIOD);
        for instance in &instances {
            assert!(instance.write().await.is_err());
        }
    }
    // All of them die, and others are started an hour later.
    backend.documents.set_away(false);
    assert_eq!(reached(&backend).await, (Some(4), Some(2)));
    let next = checkpoints(&backend);
    assert_eq!(next.compare().await.unwrap(), None);
    assert_eq!(reached(&backend).await, (Some(4), Some(4)));
    // Or they live on, and go on where they were.
    for instance in &instances {
        instance.write().await.unwrap();
    }
    assert_eq!(reached(&backend).await, (Some(4), Some(4)));
    instances[0].write().await.unwrap();
    assert_eq!(reached(&backend).await, (Some(5), Some(5)));
}

#[tokio::test]
async fn a_store_of_an_earlier_day_is_noticed_until_a_repair() {
    for bookings_go_back in [true, false] {
        let (backend, restored) = (MemoryBackend::new(), MemoryBackend::new());
        for (on, writes) in [(&backend, 20), (&restored, 3)] {
            let instance = checkpoints(on);
            assert_eq!(instance.compare().await.unwrap(), None);
            for _ in 0..writes {
                on.clock.advance(PERIOD);
                instance.write().await.unwrap();
            }
        }
        let mixed = match bookings_go_back {
            true => MemoryBackend {
                relational: restored.relational,
                ..backend
            },
            false => MemoryBackend {
                documents: restored.documents,
                ..backend
            },
        };
        let start = checkpoints(&mixed);
        let apart = start.compare().await.unwrap().expect("it is noticed");
        assert_eq!(apart.bookings_are_older(), bookings_go_back);
        let before = reached(&mixed).await;
        start.write().await.unwrap();
        assert_eq!(reached(&mixed).await, before, "it hides nothing");
        start.renew().await.unwrap();
        assert_eq!(reached(&mixed).await, (Some(21), Some(21)));
        assert_eq!(checkpoints(&mixed).compare().await.unwrap(), None);
    }
}

#[tokio::test]
async fn events_are_read_first_so_that_others_may_write_meanwhile() {
    let mut order = mockall::Sequence::new();
    let (mut bookings, mut events) = (MockLeadingCheckpoint::new(), MockFollowingCheckpoint::new());
    events
        .expect_read()
        .times(1)
        .in_sequence(&mut order)
        .returning(|| Ok(Some(checkpoint(4, 40))));
    bookings
        .expect_read()
        .times(1)
        .in_sequence(&mut order)
        .returning(|| Ok(Some(checkpoint(5, 50))));
    events
        .expect_raise()
        .withf(|to| *to == checkpoint(5, 50))
        .times(1)
        .in_sequence(&mut order)
        .returning(|_| Ok(()));
    let clock = MemoryBackend::new().clock;
    let compared = Checkpoints::new(Arc::new(bookings), Arc::new(events), clock);
    assert_eq!(compared.compare().await.unwrap(), None);
}
