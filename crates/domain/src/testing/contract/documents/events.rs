//! Events: writing and reading.

use super::super::Documents;
use super::super::make::*;
use crate::event::{Description, EventDetails, EventId, EventSummary, Location, Title};
use crate::time::Timestamp;

pub async fn an_inserted_event_is_found_with_all_its_tickets(on: Documents) {
    let new = event_with(details(500));
    let event = on.events.insert(&new).await.unwrap();
    assert_eq!(event.id, new.id);
    assert_eq!(event.title, new.details.title);
    assert_eq!(event.description, new.details.description);
    assert_eq!(event.date, new.details.date);
    assert_eq!(event.location, new.details.location);
    assert_eq!((event.total_tickets, event.available_tickets), (500, 500));
    assert_eq!(event.metadata, new.details.metadata);
    assert_eq!(event.created_by, new.created_by);
    assert_eq!((event.created_at, event.updated_at), (at(AT), at(AT)));
    assert_eq!(on.events.find(new.id).await.unwrap(), Some(event));
}

pub async fn an_unknown_event_is_not_found(on: Documents) {
    on.event(1).await;
    assert_eq!(on.events.find(event_id()).await.unwrap(), None);
}

pub async fn one_and_a_million_tickets_fit(on: Documents) {
    for tickets in [1, 1_000_000] {
        let event = on.event(tickets).await;
        let event = on.stored(event).await;
        assert_eq!(i64::from(event.total_tickets), tickets);
        assert_eq!(i64::from(event.available_tickets), tickets);
    }
}

pub async fn text_comes_back_as_it_went_in(on: Documents) {
    let (title, location) = ("🎟".repeat(200), "ß".repeat(300));
    let description = "\u{10FFFF}".repeat(10_000);
    for (title, description, location) in [
        ("$date", "$title", "$$NOW"),
        ("{\"$gt\": \"\"}", "", "a.b.$[]"),
        (
            "Zoë's \"talk\" \\ 100% _",
            "one\r\n\ttwo\n",
            "'); DROP TABLE x;--",
        ),
        (&title, &description, &location),
    ] {
        let details = EventDetails {
            title: Title::parse(title).unwrap(),
            description: Description::from_stored(description.to_owned()),
            location: Location::parse(location).unwrap(),
            ..details(5)
        };
        let new = event_with(details);
        on.events.insert(&new).await.unwrap();
        let event = on.stored(new.id).await;
        assert_eq!(event.title.as_str(), title);
        assert_eq!(event.description.as_str(), description);
        assert_eq!(event.location.as_str(), location);
    }
}

pub async fn dates_from_year_1_to_year_9999_keep_their_milliseconds(on: Documents) {
    for date in [
        "0001-01-01T00:00:00.000Z",
        "0001-01-01T00:00:00.001Z",
        "1969-12-31T23:59:59.999Z",
        "2024-12-31T10:00:00.123Z",
        "9999-12-31T23:59:59.999Z",
    ] {
        let date = Timestamp::parse(date).unwrap();
        let new = event_with(EventDetails { date, ..details(5) });
        on.events.insert(&new).await.unwrap();
        assert_eq!(on.stored(new.id).await.date, date);
    }
}

pub async fn many_are_found_at_once(on: Documents) {
    assert_eq!(on.events.find_many(&[]).await.unwrap(), []);
    let mut ids = Vec::new();
    for tickets in 1..=3 {
        ids.push(on.event(tickets).await);
    }
    on.hold(ids[2], 2).await;
    ids.extend((0..97).map(|_| event_id()));
    let mut found = on.events.find_many(&ids).await.unwrap();
    found.sort_by_key(|event| event.id);
    assert_eq!(found.len(), 3);
    for (event, id) in found.into_iter().zip(&ids) {
        assert_eq!(Some(event), on.events.find(*id).await.unwrap());
    }
}

pub async fn summaries_are_of_those_that_exist(on: Documents) {
    let new = event_with(details(5));
    on.events.insert(&new).await.unwrap();
    on.event(5).await;
    let found = on.events.summaries(&[event_id(), new.id]).await.unwrap();
    let expected = EventSummary {
        id: new.id,
        title: new.details.title,
        date: new.details.date,
        location: new.details.location,
    };
    assert_eq!(found, [expected]);
}

pub async fn summaries_take_none_and_a_hundred(on: Documents) {
    assert_eq!(on.events.summaries(&[]).await.unwrap(), []);
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(on.event(1).await);
    }
    ids.extend((0..97).map(|_| event_id()));
    let found = on.events.summaries(&ids).await.unwrap();
    let mut found: Vec<EventId> = found.into_iter().map(|summary| summary.id).collect();
    found.sort();
    ids.truncate(3);
    assert_eq!(found, ids);
}
