//! Idempotency keys of changes of events.

use futures_util::future::{join, join_all};

use super::super::Documents;
use super::super::make::*;
use crate::event::{
    Event, EventChange, EventEdit, EventId, ExpectedRevision, InsertEventError, Metadata, NewEvent,
    Revision, Title, UpdateEventError,
};
use crate::idempotency::{KeyClaim, Remembered};
use crate::stock::DeleteOutcome;
use crate::user::UserId;

const ADMIN: UserId = UserId::new(1);

fn keyed_event(tickets: i64, key: &KeyClaim) -> NewEvent {
    NewEvent {
        key: Some(key.clone()),
        ..event_with(details(tickets))
    }
}

fn titled(title: &str, key: &KeyClaim) -> EventEdit {
    let change = EventChange {
        title: Some(Title::parse(title).unwrap()),
        ..EventChange::default()
    };
    EventEdit {
        key: Some(key.clone()),
        ..edit(&change, ExpectedRevision::Any)
    }
}

async fn remembered(on: &Documents, key: &KeyClaim) -> Option<Remembered> {
    on.events.find_by_key(&key.hash()).await.unwrap()
}

fn answer(key: &KeyClaim, event: Option<Event>) -> Option<Remembered> {
    Some(Remembered {
        fingerprint: key.used.fingerprint.clone(),
        event,
    })
}

async fn delete(on: &Documents, event: EventId, key: &KeyClaim) -> DeleteOutcome {
    let (token, any) = (token(), ExpectedRevision::Any);
    on.close(event, token).await.unwrap();
    let outcome = on.stock.delete_closed(event, token, &any, Some(key)).await;
    on.stock.reopen(event, token).await.unwrap();
    outcome.unwrap()
}

pub async fn a_new_event_is_remembered_as_it_was_answered(on: Documents) {
    let key = claim(ADMIN, "key", "create");
    assert_eq!(remembered(&on, &key).await, None);
    let mut new = keyed_event(10, &key);
    let metadata =
        r#"{"z":1,"a":{"n":9223372036854775807,"d":0.1,"t":"\u00fc\"$x"},"b":[null,true,1.5e300]}"#;
    new.details.metadata = Metadata::parse(metadata).unwrap();
    let made = on.events.insert(&new).await.unwrap();
    on.hold(made.id, 3).await;
    on.events
        .update(made.id, &titled("Later", &claim(ADMIN, "other", "")))
        .await
        .unwrap();
    assert_eq!(remembered(&on, &key).await, answer(&key, Some(made)));
}

pub async fn an_edit_is_remembered_as_it_was_answered(on: Documents) {
    let event = on.event(10).await;
    on.hold(event, 4).await;
    let (one, two) = (claim(ADMIN, "one", "a"), claim(ADMIN, "two", "b"));
    let first = on
        .events
        .update(event, &titled("One", &one))
        .await
        .unwrap()
        .after;
    on.hold(event, 1).await;
    let second = on
        .events
        .update(event, &titled("Two", &two))
        .await
        .unwrap()
        .after;
    assert_eq!(second, on.stored(event).await);
    assert_eq!(remembered(&on, &one).await, answer(&one, Some(first)));
    assert_eq!(remembered(&on, &two).await, answer(&two, Some(second)));
}

pub async fn a_deletion_is_remembered(on: Documents) {
    let event = on.event(10).await;
    let key = claim(ADMIN, "key", "");
    assert!(matches!(
        delete(&on, event, &key).await,
        DeleteOutcome::Deleted(_)
    ));
    assert_eq!(remembered(&on, &key).await, answer(&key, None));
}

pub async fn what_is_refused_leaves_its_key_free(on: Documents) {
    let (event, key) = (on.event(10).await, claim(ADMIN, "key", ""));
    let nothing = on.events.update(event_id(), &titled("New", &key)).await;
    assert!(matches!(nothing, Err(UpdateEventError::NotFound)));
    let late = EventEdit {
        expected: ExpectedRevision::OneOf(vec![Revision::FIRST.next()]),
        ..titled("New", &key)
    };
    let late = on.events.update(event, &late).await;
    assert!(matches!(late, Err(UpdateEventError::Outdated)));
    let any = ExpectedRevision::Any;
    let open = on
        .stock
        .delete_closed(event, token(), &any, Some(&key))
        .await;
    assert_eq!(open.unwrap(), DeleteOutcome::Refused);
    assert_eq!(remembered(&on, &key).await, None);
}

pub async fn a_used_key_changes_nothing_more(on: Documents) {
    let key = claim(ADMIN, "key", "");
    let event = on.events.insert(&keyed_event(10, &key)).await.unwrap();
    let another = keyed_event(10, &key);
    let refused = on.events.insert(&another).await;
    assert!(matches!(refused, Err(InsertEventError::KeyTaken)));
    assert_eq!(on.events.find(another.id).await.unwrap(), None);
    let refused = on.events.update(event.id, &titled("New", &key)).await;
    assert!(matches!(refused, Err(UpdateEventError::KeyTaken)));
    assert_eq!(delete(&on, event.id, &key).await, DeleteOutcome::KeyTaken);
    let left = on.stored(event.id).await;
    assert_eq!((left.title, left.version), (event.title, event.version));
    // The same text is another key for another user.
    let theirs = claim(UserId::new(2), "key", "");
    on.events
        .update(event.id, &titled("New", &theirs))
        .await
        .unwrap();
}

pub async fn a_used_key_is_told_before_any_other_refusal(on: Documents) {
    let key = claim(ADMIN, "key", "");
    let event = on.events.insert(&keyed_event(10, &key)).await.unwrap().id;
    let late = EventEdit {
        expected: ExpectedRevision::OneOf(vec![Revision::FIRST.next()]),
        ..titled("New", &key)
    };
    for (id, edit) in [(event_id(), titled("New", &key)), (event, late)] {
        let refused = on.events.update(id, &edit).await;
        assert!(matches!(refused, Err(UpdateEventError::KeyTaken)));
    }
    let any = ExpectedRevision::Any;
    let open = on
        .stock
        .delete_closed(event, token(), &any, Some(&key))
        .await;
    assert_eq!(open.unwrap(), DeleteOutcome::KeyTaken);
}

pub async fn of_many_at_once_under_one_key_exactly_one_is_made(on: Documents) {
    for round in 0..3 {
        let key = claim(ADMIN, &format!("new-{round}"), "");
        let events: Vec<_> = (0..6).map(|_| keyed_event(5, &key)).collect();
        let answers = join_all(events.iter().map(|new| on.events.insert(new))).await;
        assert_eq!(
            answers.iter().filter(|answer| answer.is_ok()).count(),
            1,
            "{answers:?}"
        );
        let ids: Vec<EventId> = events.iter().map(|new| new.id).collect();
        assert_eq!(on.events.find_many(&ids).await.unwrap().len(), 1);

        let event = on.event(5).await;
        let key = claim(ADMIN, &format!("edit-{round}"), "");
        let edit = titled("New", &key);
        let answers = join_all((0..6).map(|_| on.events.update(event, &edit))).await;
        assert_eq!(
            answers.iter().filter(|answer| answer.is_ok()).count(),
            1,
            "{answers:?}"
        );
        let revision = on.stored(event).await.version.revision;
        assert_eq!(revision, Revision::FIRST.next());
    }
}

pub async fn keyed_edits_and_sales_at_once_lose_nothing(on: Documents) {
    let event = on.event(500).await;
    let editing = async {
        for round in 0..10 {
            let key = claim(ADMIN, &format!("edit-{round}"), "");
            let edit = titled(&format!("Title {round}"), &key);
            let edited = on.events.update(event, &edit).await;
            let edited = edited.expect("no sale stands in an editor's way").after;
            assert_eq!(remembered(&on, &key).await, answer(&key, Some(edited)));
        }
    };
    let selling = async {
        for _ in 0..60 {
            on.hold(event, 1).await;
        }
    };
    join(editing, selling).await;
    let left = on.stored(event).await;
    assert_eq!(
        (left.available_tickets, left.version.revision.get()),
        (440, 11)
    );
}
