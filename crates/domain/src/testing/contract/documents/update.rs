//! Events: changing them.

use futures_util::future::{join, join_all};

use super::super::Documents;
use super::super::make::*;
use crate::event::{
    Capacity, Description, Event, EventChange, EventId, Location, Metadata, Title, UpdateEventError,
};
use crate::stock::ReserveOutcome;

fn capacity(tickets: i64) -> EventChange {
    EventChange {
        capacity: Some(Capacity::new(tickets).unwrap()),
        ..EventChange::default()
    }
}

async fn set_capacity(
    on: &Documents,
    event: EventId,
    tickets: i64,
) -> Result<Event, UpdateEventError> {
    on.edit(event, &capacity(tickets), at(AT)).await
}

/// Changes of one field each, with text that a store might take for its own language.
fn single_changes() -> [EventChange; 5] {
    let none = EventChange::default;
    [
        EventChange {
            title: Some(Title::parse("$location").unwrap()),
            ..none()
        },
        EventChange {
            description: Some(Description::parse("$$NOW").unwrap()),
            ..none()
        },
        EventChange {
            date: Some(at(-1)),
            ..none()
        },
        EventChange {
            location: Some(Location::parse("Höhle \\ 🎟").unwrap()),
            ..none()
        },
        EventChange {
            metadata: Some(Metadata::parse(r#"{"a":"$title"}"#).unwrap()),
            ..none()
        },
    ]
}

/// What `event` is after a change that does not touch its stock.
fn changed(event: Event, change: EventChange) -> Event {
    Event {
        title: change.title.unwrap_or(event.title),
        description: change.description.unwrap_or(event.description),
        date: change.date.unwrap_or(event.date),
        location: change.location.unwrap_or(event.location),
        metadata: change.metadata.unwrap_or(event.metadata),
        ..event
    }
}

pub async fn each_field_changes_alone(on: Documents) {
    let mut expected = on.events.insert(&event_with(details(5))).await.unwrap();
    for (step, change) in (1_i64..).zip(single_changes()) {
        let updated = on.edit(expected.id, &change, at(AT + step)).await;
        expected = changed(expected, change);
        expected.updated_at = at(AT + step);
        expected.version.revision = expected.version.revision.next();
        assert_eq!(updated.unwrap(), expected);
        assert_eq!(on.stored(expected.id).await, expected);
    }
}

pub async fn all_fields_change_together(on: Documents) {
    let event = on.event(5).await;
    on.hold(event, 2).await;
    let change = EventChange {
        title: Some(Title::parse("New").unwrap()),
        description: Some(Description::parse("").unwrap()),
        date: Some(at(FAR + 1)),
        location: Some(Location::parse("Hall 2").unwrap()),
        capacity: Some(Capacity::new(9).unwrap()),
        metadata: Some(Metadata::parse(r#"{"a":1}"#).unwrap()),
    };
    let updated = on.edit(event, &change, at(AT + 1)).await.unwrap();
    assert_eq!(Some(&updated.title), change.title.as_ref());
    assert_eq!(Some(&updated.description), change.description.as_ref());
    assert_eq!(Some(updated.date), change.date);
    assert_eq!(Some(&updated.location), change.location.as_ref());
    assert_eq!((updated.total_tickets, updated.available_tickets), (9, 7));
    assert_eq!(Some(&updated.metadata), change.metadata.as_ref());
    assert_eq!(
        (updated.created_at, updated.updated_at),
        (at(AT), at(AT + 1))
    );
    assert_eq!(on.stored(event).await, updated);
}

pub async fn an_unknown_event_cannot_be_changed(on: Documents) {
    let other = on.event(5).await;
    let refused = set_capacity(&on, event_id(), 7).await;
    assert!(matches!(refused, Err(UpdateEventError::NotFound)));
    assert_eq!(on.available(other).await, 5);
}

pub async fn more_capacity_is_available_at_once(on: Documents) {
    let event = on.event(5).await;
    on.hold(event, 5).await;
    let updated = set_capacity(&on, event, 1_000_000).await.unwrap();
    assert_eq!(
        (updated.total_tickets, updated.available_tickets),
        (1_000_000, 999_995)
    );
    on.hold(event, 10).await;
}

pub async fn less_capacity_goes_down_to_what_is_held_and_sold(on: Documents) {
    let event = on.event(10).await;
    let sold = on.hold(event, 3).await;
    on.stock.settle(&[sold]).await.unwrap();
    on.hold(event, 2).await;
    let updated = set_capacity(&on, event, 5).await.unwrap();
    assert_eq!((updated.total_tickets, updated.available_tickets), (5, 0));
    let refused = set_capacity(&on, event, 4).await;
    assert!(matches!(refused, Err(UpdateEventError::CapacityBelowSold)));
    let same = set_capacity(&on, event, 5).await.unwrap();
    assert_eq!((same.total_tickets, same.available_tickets), (5, 0));
}

pub async fn a_capacity_below_what_is_sold_changes_nothing_at_all(on: Documents) {
    let event = on.event(10).await;
    on.hold(event, 4).await;
    let before = on.stored(event).await;
    let change = EventChange {
        title: Some(Title::parse("New").unwrap()),
        ..capacity(3)
    };
    let refused = on.edit(event, &change, at(AT + 1)).await;
    assert!(matches!(refused, Err(UpdateEventError::CapacityBelowSold)));
    assert_eq!(on.stored(event).await, before);
}

pub async fn what_came_back_can_be_taken_away(on: Documents) {
    let event = on.event(10).await;
    let sold = on.hold(event, 6).await;
    on.stock.settle(&[sold]).await.unwrap();
    on.stock
        .apply_returns(&[came_back(event, 4)])
        .await
        .unwrap();
    assert!(set_capacity(&on, event, 1).await.is_err());
    let updated = set_capacity(&on, event, 2).await.unwrap();
    assert_eq!((updated.total_tickets, updated.available_tickets), (2, 0));
}

pub async fn sales_do_not_count_as_a_change_by_an_admin(on: Documents) {
    let event = on.event(10).await;
    let hold = on.hold(event, 1).await;
    on.stock.settle(&[hold]).await.unwrap();
    on.stock
        .apply_returns(&[came_back(event, 1)])
        .await
        .unwrap();
    assert_eq!(on.stored(event).await.updated_at, at(AT));
}

pub async fn changes_and_reservations_at_once_lose_nothing(on: Documents) {
    let on = &on;
    let event = on.event(30).await;
    let reserves = async {
        let calls = (0..24).map(|n| on.reserve(vec![reservation(event, 1 + n % 3)]));
        join_all(calls).await
    };
    let updates = async {
        let calls = (0..12_i64).map(|n| async move {
            let tickets = [20, 45, 30, 12][usize::try_from(n % 4).unwrap()];
            match set_capacity(on, event, tickets).await {
                Ok(after) => assert_eq!(i64::from(after.total_tickets), tickets),
                Err(UpdateEventError::CapacityBelowSold) => {}
                Err(other) => panic!("{other:?}"),
            }
        });
        join_all(calls).await
    };
    let (outcomes, _) = join(reserves, updates).await;
    let granted: u32 = (0..24)
        .zip(outcomes)
        .filter(|(_, outcome)| *outcome == [ReserveOutcome::Granted])
        .map(|(n, _)| 1 + n % 3)
        .sum();
    let after = on.stored(event).await;
    assert_eq!(after.total_tickets - after.available_tickets, granted);
}
