//! The audit log: reading it, and forgetting what is old.

use futures_util::future::join_all;

use super::super::Documents;
use super::super::make::*;
use crate::audit::{Action, AuditEntry, AuditFilter, AuditOrder, AuditRecord, Outcome, Target};
use crate::event::EventId;
use crate::time::Timestamp;
use crate::user::UserId;

use AuditOrder::{NewestFirst, OldestFirst};

/// What a record is read as.
fn read_back(record: &AuditRecord) -> AuditEntry {
    let serde_json::Value::Object(stored) = serde_json::to_value(record).unwrap() else {
        panic!("a record is an object");
    };
    AuditEntry::from_stored(record.id, record.at, stored)
}

async fn written(on: &Documents, records: &[AuditRecord]) {
    on.audit.append(records).await.unwrap();
}

async fn all(on: &Documents, filter: &AuditFilter, order: AuditOrder) -> Vec<AuditEntry> {
    on.trail.read(filter, order, None, 1_000).await.unwrap()
}

/// Walks the list to its end in pages of `size`.
async fn walk(
    on: &Documents,
    filter: &AuditFilter,
    order: AuditOrder,
    size: usize,
) -> Vec<AuditEntry> {
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = on.trail.read(filter, order, after, size).await.unwrap();
        let Some(last) = page.last() else {
            return seen;
        };
        assert!(page.len() <= size);
        after = Some(last.position());
        seen.extend(page);
    }
}

fn at_time(record: AuditRecord, millis: i64) -> AuditRecord {
    AuditRecord {
        at: at(millis),
        ..record
    }
}

/// Forty records of all kinds, many of them of one moment, in no order of time.
fn mixed(event: EventId) -> Vec<AuditRecord> {
    let actions = [
        Action::Book,
        Action::Login,
        Action::UpdateEvent,
        Action::Cancel,
    ];
    let record = |n: usize| {
        let mut one = record(actions[n % 4]);
        if !n.is_multiple_of(3) {
            one = one.by(as_user(UserId::new(i64::try_from(n % 3).unwrap())));
        }
        one = match n % 5 {
            0 => one,
            1 => one.on_event(event),
            2 => one.on_event(event_id()),
            _ => one.on_user(UserId::new(1)),
        };
        if n % 7 < 2 {
            one = one.failed();
        }
        at_time(one, AT + i64::try_from(n * 7 % 10).unwrap() / 3)
    };
    (0..40).map(record).collect()
}

fn target_of(event: EventId) -> Target {
    Target {
        kind: "event".to_owned(),
        id: event.to_string(),
    }
}

/// Each filter by itself, and some together.
fn filters(event: EventId) -> Vec<AuditFilter> {
    let none = AuditFilter::default;
    let actor = Some(UserId::new(1));
    let target = Some(target_of(event));
    let (failure, success) = (Some(Outcome::Failure), Some(Outcome::Success));
    let (since, until) = (Some(at(AT + 1)), Some(at(AT + 2)));
    let login = Some(Action::Login);
    vec![
        none(),
        AuditFilter { actor, ..none() },
        AuditFilter {
            action: login,
            ..none()
        },
        AuditFilter {
            target: target.clone(),
            ..none()
        },
        AuditFilter {
            outcome: failure,
            ..none()
        },
        AuditFilter {
            outcome: success,
            ..none()
        },
        AuditFilter { since, ..none() },
        AuditFilter { until, ..none() },
        AuditFilter {
            since,
            until,
            ..none()
        },
        AuditFilter {
            action: login,
            outcome: failure,
            ..none()
        },
        AuditFilter {
            actor,
            action: login,
            outcome: success,
            ..none()
        },
        AuditFilter {
            actor,
            target,
            since,
            ..none()
        },
        AuditFilter {
            action: login,
            since,
            until,
            ..none()
        },
        AuditFilter {
            since: until,
            until: since,
            ..none()
        },
        AuditFilter {
            actor: Some(NOBODY),
            ..none()
        },
    ]
}

fn matches(filter: &AuditFilter, record: &AuditRecord) -> bool {
    filter
        .actor
        .is_none_or(|actor| record.actor.user_id == Some(actor.get()))
        && filter.action.is_none_or(|action| record.action == action)
        && (filter.target.is_none() || record.target == filter.target)
        && filter
            .outcome
            .is_none_or(|outcome| record.outcome == outcome)
        && filter.since.is_none_or(|since| record.at >= since)
        && filter.until.is_none_or(|until| record.at < until)
}

pub async fn what_was_written_is_read(on: Documents) {
    let full = record(Action::UpdateEvent)
        .by(as_admin(UserId::new(i64::MAX)))
        .on_event(event_id())
        .failed()
        .with(
            "before",
            serde_json::json!({"metadata": {"a": [1, 1.5, null], "": "$x"}}),
        );
    let bare = AuditRecord {
        actor: crate::audit::Actor::default(),
        details: serde_json::Map::new(),
        ..at_time(record(Action::Login), AT - 1)
    };
    written(&on, &[full.clone(), bare.clone()]).await;
    let found = all(&on, &AuditFilter::default(), NewestFirst).await;
    assert_eq!(found, [read_back(&full), read_back(&bare)]);
}

pub async fn each_filter_finds_its_records_in_both_orders(on: Documents) {
    let event = event_id();
    let records = mixed(event);
    written(&on, &records).await;
    for filter in filters(event) {
        let mut expected: Vec<AuditRecord> = records.clone();
        expected.retain(|record| matches(&filter, record));
        expected.sort_by_key(|record| (record.at, record.id.bytes()));
        let mut expected: Vec<AuditEntry> = expected.iter().map(read_back).collect();
        assert_eq!(all(&on, &filter, OldestFirst).await, expected, "{filter:?}");
        for size in [1, 7] {
            let walked = walk(&on, &filter, OldestFirst, size).await;
            assert_eq!(walked, expected, "{filter:?}");
        }
        expected.reverse();
        assert_eq!(all(&on, &filter, NewestFirst).await, expected, "{filter:?}");
        let walked = walk(&on, &filter, NewestFirst, 3).await;
        assert_eq!(walked, expected, "{filter:?}");
    }
}

pub async fn none_comes_twice_while_others_are_written(on: Documents) {
    let filter = AuditFilter::default();
    let records: Vec<AuditRecord> = (0..30).map(|_| record(Action::Book)).collect();
    written(&on, &records).await;
    let (mut seen, mut after) = (Vec::new(), None);
    for n in 0.. {
        // Newer, older, and of the same moment.
        let others = [AT + n, AT - n - 1, AT].map(|at| at_time(record(Action::Login), at));
        written(&on, &others).await;
        let page = on.trail.read(&filter, NewestFirst, after, 4).await.unwrap();
        after = page.last().map(AuditEntry::position).or(after);
        seen.extend(page.iter().map(|entry| entry.id));
        if page.len() < 4 || n > 40 {
            break;
        }
    }
    let all_of_them = records.iter().all(|record| seen.contains(&record.id));
    assert!(all_of_them);
    let mut once = seen.clone();
    once.sort_by_key(|id| id.bytes());
    once.dedup();
    assert_eq!(once.len(), seen.len());
}

pub async fn an_empty_log_and_a_limit_of_none_are_empty(on: Documents) {
    let filter = AuditFilter::default();
    assert_eq!(all(&on, &filter, NewestFirst).await, []);
    written(&on, &[record(Action::Book)]).await;
    assert_eq!(
        on.trail.read(&filter, NewestFirst, None, 0).await.unwrap(),
        []
    );
}

pub async fn the_oldest_records_are_forgotten_first(on: Documents) {
    let records: Vec<AuditRecord> = (0..10)
        .map(|n| {
            let one = at_time(record(Action::Book), AT + n);
            if n % 2 == 0 { one.failed() } else { one }
        })
        .collect();
    written(&on, &records).await;
    let before = |millis| at(AT + millis);
    assert_eq!(on.trail.forget(before(6), 4).await.unwrap(), 4);
    let left = |entries: Vec<AuditEntry>| -> Vec<Timestamp> {
        entries.iter().map(|entry| entry.at).collect()
    };
    let expected = |from: i64| -> Vec<Timestamp> { (from..10).map(before).collect() };
    let filter = AuditFilter::default();
    assert_eq!(left(all(&on, &filter, OldestFirst).await), expected(4));
    assert_eq!(on.trail.forget(before(6), 4).await.unwrap(), 2);
    assert_eq!(on.trail.forget(before(6), 4).await.unwrap(), 0);
    assert_eq!(left(all(&on, &filter, OldestFirst).await), expected(6));
}

pub async fn records_are_forgotten_once_by_many_at_once(on: Documents) {
    let records: Vec<AuditRecord> = (0..60).map(|_| record(Action::Book)).collect();
    written(&on, &records).await;
    let kept = at_time(record(Action::Book), AT + 1);
    written(&on, std::slice::from_ref(&kept)).await;
    let calls = (0..6).map(|_| on.trail.forget(at(AT + 1), 100));
    let forgotten = join_all(calls).await.into_iter().map(Result::unwrap);
    assert_eq!(forgotten.sum::<usize>(), 60);
    let left = all(&on, &AuditFilter::default(), NewestFirst).await;
    assert_eq!(left, [read_back(&kept)]);
}
