//! Which state of an event somebody has seen, and edits that depend on it.

use futures_util::future::{join, join_all};

use super::super::Documents;
use super::super::make::*;
use crate::event::{
    Capacity, Edited, Event, EventChange, EventId, EventVersion, ExpectedRevision, Revision, Title,
    UpdateEventError,
};
use crate::stock::{ClosingState, DeleteOutcome, ReserveOutcome};

fn revision(number: u64) -> Revision {
    Revision::new(number).unwrap()
}

fn only(number: u64) -> ExpectedRevision {
    ExpectedRevision::OneOf(vec![revision(number)])
}

fn titled(title: &str) -> EventChange {
    EventChange {
        title: Some(Title::parse(title).unwrap()),
        ..EventChange::default()
    }
}

fn sized(tickets: i64) -> EventChange {
    EventChange {
        capacity: Some(Capacity::new(tickets).unwrap()),
        ..EventChange::default()
    }
}

async fn update(
    on: &Documents,
    event: EventId,
    change: &EventChange,
    expected: &ExpectedRevision,
) -> Result<Edited, UpdateEventError> {
    on.events
        .update(event, &edit(change, expected.clone()))
        .await
}

async fn number(on: &Documents, event: EventId) -> u64 {
    on.stored(event).await.version.revision.get()
}

pub async fn a_new_event_has_the_first_version(on: Documents) {
    let event = on.events.insert(&event_with(details(5))).await.unwrap();
    assert_eq!(event.version, EventVersion::FIRST);
    assert_eq!(on.stored(event.id).await.version, EventVersion::FIRST);
}

pub async fn each_edit_adds_one_to_the_revision_and_no_sale_does(on: Documents) {
    let event = on.event(10).await;
    for (change, expected) in [
        (titled("A"), 2),
        (titled("A"), 3),
        (sized(9), 4),
        (sized(9), 5),
    ] {
        let after = on.edit(event, &change, at(AT)).await.unwrap();
        assert_eq!(after.version.revision, revision(expected));
    }
    let (sold, released) = (on.hold(event, 1).await, on.hold(event, 1).await);
    on.stock.settle(&[sold]).await.unwrap();
    on.stock.release(&[released]).await.unwrap();
    let back = came_back(event, 1);
    on.stock.apply_returns(&[back]).await.unwrap();
    assert_eq!(number(&on, event).await, 5);
    assert!(on.edit(event, &sized(1), at(AT)).await.is_ok());
    assert_eq!(number(&on, event).await, 6);
}

pub async fn whatever_a_client_sees_of_the_stock_moves_the_version(on: Documents) {
    let event = on.event(10).await;
    let mut last = on.stored(event).await;
    let mut moved = async |what: &str| {
        let now = on.stored(event).await;
        assert_ne!(now.available_tickets, last.available_tickets, "{what}");
        assert!(now.version.stock > last.version.stock, "{what}");
        last = now;
    };
    let hold = on.hold(event, 2).await;
    moved("a reservation").await;
    on.stock.release(&[hold]).await.unwrap();
    moved("a release").await;
    let (sold, _) = (on.hold(event, 3).await, on.hold(event, 1).await);
    moved("two reservations").await;
    on.stock.settle(&[sold]).await.unwrap();
    let back = came_back(event, 2);
    on.stock.apply_returns(&[back]).await.unwrap();
    moved("a return").await;
    on.edit(event, &sized(20), at(AT)).await.unwrap();
    moved("a new capacity").await;
    // Two go and two come back: what is available is the same, and the version is not.
    let hold = on.hold(event, 2).await;
    on.stock.release(&[hold]).await.unwrap();
    let now = on.stored(event).await;
    assert_eq!(now.available_tickets, last.available_tickets);
    assert!(now.version.stock > last.version.stock);
}

pub async fn an_edit_tells_what_was_before_and_after(on: Documents) {
    let event = on.event(10).await;
    on.hold(event, 4).await;
    let before = on.stored(event).await;
    let change = EventChange {
        title: Some(Title::parse("New").unwrap()),
        ..sized(12)
    };
    let edited = update(&on, event, &change, &only(1)).await.unwrap();
    assert_eq!(edited.before, before);
    assert_eq!(edited.after, on.stored(event).await);
    assert_eq!(edited.after.available_tickets, 8);
    assert_eq!(edited.after.version.revision, revision(2));
}

pub async fn an_edit_of_another_revision_changes_nothing(on: Documents) {
    let event = on.event(10).await;
    on.edit(event, &titled("Second"), at(AT)).await.unwrap();
    let before = on.stored(event).await;
    let none = ExpectedRevision::OneOf(Vec::new());
    for expected in [only(1), only(3), only(u64::MAX), none] {
        for change in [titled("Late"), sized(5), sized(20)] {
            let refused = update(&on, event, &change, &expected).await;
            assert!(matches!(refused, Err(UpdateEventError::Outdated)));
        }
    }
    assert_eq!(on.stored(event).await, before);
    // Of two reasons the one that a fresh look would not cure is told last.
    on.hold(event, 6).await;
    let refused = update(&on, event, &sized(5), &only(1)).await;
    assert!(matches!(refused, Err(UpdateEventError::Outdated)));
    let refused = update(&on, event, &sized(5), &only(2)).await;
    assert!(matches!(refused, Err(UpdateEventError::CapacityBelowSold)));
}

pub async fn an_edit_may_expect_one_of_several_revisions(on: Documents) {
    let event = on.event(10).await;
    let several = ExpectedRevision::OneOf([7, 1, 2].map(revision).to_vec());
    for made in [true, true, false] {
        let answer = update(&on, event, &titled("New"), &several).await;
        assert_eq!(answer.is_ok(), made, "{answer:?}");
    }
    assert_eq!(number(&on, event).await, 3);
}

pub async fn an_unknown_event_is_not_found_whatever_is_expected(on: Documents) {
    let event = event_id();
    for expected in [ExpectedRevision::Any, only(1)] {
        let refused = update(&on, event, &titled("New"), &expected).await;
        assert!(matches!(refused, Err(UpdateEventError::NotFound)));
        let state = on.stock.close(event, token(), &expected).await.unwrap();
        assert_eq!(state, ClosingState::Gone);
    }
}

pub async fn of_edits_of_one_revision_at_once_exactly_one_is_made(on: Documents) {
    let event = on.event(10).await;
    for round in 1..=5_u64 {
        let expected = only(round);
        let calls = (0..6).map(|n| {
            let (on, expected) = (&on, expected.clone());
            async move { update(on, event, &titled(&format!("{round}-{n}")), &expected).await }
        });
        let answers = join_all(calls).await;
        let made: Vec<Event> = answers
            .into_iter()
            .filter_map(|answer| match answer {
                Ok(edited) => Some(edited.after),
                Err(UpdateEventError::Outdated) => None,
                Err(other) => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(made, [on.stored(event).await]);
    }
}

pub async fn edits_that_expect_a_revision_and_sales_at_once_lose_nothing(on: Documents) {
    let on = &on;
    let event = on.event(50).await;
    let sales = async {
        let calls = (0..20).map(|_| on.reserve(vec![reservation(event, 1)]));
        join_all(calls).await
    };
    let edits = async {
        for round in 1..=10_u64 {
            let tickets = 50 + i64::try_from(round).unwrap();
            update(on, event, &sized(tickets), &only(round))
                .await
                .expect("no sale stands in an editor's way");
        }
    };
    let (outcomes, ()) = join(sales, edits).await;
    let granted = outcomes
        .iter()
        .filter(|outcome| **outcome == [ReserveOutcome::Granted]);
    let after = on.stored(event).await;
    assert_eq!((granted.count(), after.total_tickets), (20, 60));
    assert_eq!(after.available_tickets, 40);
    assert_eq!(after.version.revision, revision(11));
}

pub async fn an_event_of_another_revision_is_not_closed(on: Documents) {
    let event = on.event(10).await;
    on.edit(event, &titled("Second"), at(AT)).await.unwrap();
    let late = token();
    let state = on.stock.close(event, late, &only(1)).await.unwrap();
    assert_eq!(state, ClosingState::Outdated);
    on.hold(event, 1).await;
    let state = on.stock.close(event, token(), &only(2)).await.unwrap();
    assert_eq!(state, ClosingState::Holds);
}

pub async fn an_event_that_was_edited_after_its_closing_is_not_deleted(on: Documents) {
    let (event, token) = (on.event(10).await, token());
    let state = on.stock.close(event, token, &only(1)).await.unwrap();
    assert_eq!(state, ClosingState::Clear);
    on.edit(event, &titled("Saved"), at(AT)).await.unwrap();
    let outcome = on.stock.delete_closed(event, token, &only(1), None).await;
    assert_eq!(outcome.unwrap(), DeleteOutcome::Outdated);
    assert_eq!(on.stored(event).await.title.as_str(), "Saved");
    let outcome = on
        .stock
        .delete_closed(event, self::token(), &only(2), None)
        .await;
    assert_eq!(outcome.unwrap(), DeleteOutcome::Refused);
    on.stock.reopen(event, token).await.unwrap();
    on.hold(event, 1).await;
}

pub async fn a_deletion_tells_what_it_deleted(on: Documents) {
    let (event, token) = (on.event(10).await, token());
    on.edit(event, &titled("Last"), at(AT)).await.unwrap();
    let before = on.stored(event).await;
    on.stock.close(event, token, &only(2)).await.unwrap();
    let outcome = on.stock.delete_closed(event, token, &only(2), None).await;
    assert_eq!(outcome.unwrap(), DeleteOutcome::Deleted(Box::new(before)));
    let again = on.stock.delete_closed(event, token, &only(2), None).await;
    assert_eq!(again.unwrap(), DeleteOutcome::Refused);
}

pub async fn of_an_edit_and_a_deletion_of_one_revision_exactly_one_is_made(on: Documents) {
    for _ in 0..10 {
        let (event, token) = (on.event(10).await, token());
        on.close(event, token).await.unwrap();
        let (change, expected) = (titled("New"), only(1));
        let edit = update(&on, event, &change, &expected);
        let delete = on.stock.delete_closed(event, token, &expected, None);
        match join(edit, delete).await {
            (Ok(_), Ok(DeleteOutcome::Outdated)) => {}
            (Err(UpdateEventError::NotFound), Ok(DeleteOutcome::Deleted(_))) => {}
            other => panic!("{other:?}"),
        }
    }
}
