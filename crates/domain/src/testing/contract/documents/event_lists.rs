//! Lists of events.

use serde_json::json;

use super::super::Documents;
use super::super::make::*;
use crate::cursor::Start;
use crate::event::{
    Description, Event, EventChange, EventDetails, EventFilter, EventId, EventOrder, EventQuery,
    ExpectedRevision, Location, Metadata, NewEvent, Tag, Title,
};
use crate::search::SearchWords;
use crate::time::Timestamp;

use EventOrder::{EarliestFirst, LatestFirst};

/// An event with a given id and date.
fn dated(last_byte: u8, millis: i64) -> NewEvent {
    let mut bytes = [0x66; 12];
    bytes[11] = last_byte;
    NewEvent {
        id: EventId::from_bytes(bytes),
        ..event_with(EventDetails {
            date: at(millis),
            ..details(5)
        })
    }
}

async fn stored(on: &Documents, events: &[NewEvent]) {
    for event in events {
        on.events.insert(event).await.unwrap();
    }
}

fn all(order: EventOrder) -> EventQuery {
    EventQuery {
        order,
        ..EventQuery::default()
    }
}

/// The last bytes of the ids of a whole list, read in one call.
async fn list(on: &Documents, query: &EventQuery) -> Vec<u8> {
    let found = on.events.list(query, Start::Offset(0), 101).await;
    last_bytes(&found.unwrap())
}

/// The same, read by cursor in pages of `size`.
async fn walk(on: &Documents, query: &EventQuery, size: usize) -> Vec<u8> {
    let (mut seen, mut start) = (Vec::new(), Start::First);
    loop {
        let part = on.events.list(query, start, size).await.unwrap();
        assert!(part.len() <= size);
        let Some(last) = part.last() else {
            return seen;
        };
        start = Start::After(last.position());
        seen.extend(last_bytes(&part));
    }
}

fn last_bytes(events: &[Event]) -> Vec<u8> {
    events.iter().map(|event| event.id.bytes()[11]).collect()
}

pub async fn events_come_by_date_then_id_in_both_orders(on: Documents) {
    let past = Timestamp::parse("0001-01-01T00:00:00Z").unwrap().millis();
    let plan = [
        (0xf0, FAR),
        (3, FAR),
        (9, 0),
        (1, FAR + 1),
        (2, FAR),
        (4, past),
    ];
    stored(&on, &plan.map(|(byte, millis)| dated(byte, millis))).await;
    let mut order = vec![4, 9, 2, 3, 0xf0, 1];
    for direction in [EarliestFirst, LatestFirst] {
        let query = all(direction);
        assert_eq!(list(&on, &query).await, order);
        for size in [1, 2, 4] {
            assert_eq!(walk(&on, &query, size).await, order);
        }
        let second = on.events.list(&query, Start::Offset(4), 4).await.unwrap();
        assert_eq!(last_bytes(&second), order[4..]);
        assert_eq!(second[0], on.stored(second[0].id).await);
        order.reverse();
    }
    assert_eq!(on.events.count(&EventFilter::default()).await.unwrap(), 6);
}

pub async fn an_empty_list_and_a_part_far_beyond_the_end_are_empty(on: Documents) {
    let (query, far) = (all(EarliestFirst), Start::Offset(u64::MAX >> 1));
    assert!(list(&on, &query).await.is_empty());
    assert_eq!(on.events.count(&query.filter).await.unwrap(), 0);
    on.event(1).await;
    assert_eq!(on.events.list(&query, far, 101).await.unwrap(), []);
    assert_eq!(on.events.count(&query.filter).await.unwrap(), 1);
}

pub async fn a_list_shows_the_present_stock(on: Documents) {
    let event = on.event(10).await;
    on.hold(event, 3).await;
    let query = all(EarliestFirst);
    let listed = on.events.list(&query, Start::Offset(0), 10).await.unwrap();
    let stock = (listed[0].total_tickets, listed[0].available_tickets);
    assert_eq!(stock, (10, 7));
}

/// Five events that differ in everything a list can be asked for; the first is sold out.
async fn five(on: &Documents) {
    let plan = [
        (
            1,
            "Rock am Ring",
            "loud",
            "Nürburg",
            json!(["rock", "open air"]),
        ),
        (
            2,
            "Jazz 100% live",
            "Ein ABEND in Köln",
            "Club (west)",
            json!(["jazz"]),
        ),
        (3, "ÜBERJAZZ", "a.b [c] _d_", "Hamburg", json!("jazz")),
        (4, "Chess", "", "Hall \\E 1", json!({"0": "rock"})),
        (
            5,
            "Rocks",
            "Geology\nfor all",
            "Lab",
            json!([["jazz"], "Rock", 7]),
        ),
    ];
    for (number, title, description, location, tags) in plan {
        let metadata = json!({ "tags": tags });
        let mut new = dated(number, FAR + i64::from(number));
        new.details = EventDetails {
            title: Title::parse(title).unwrap(),
            description: Description::parse(description).unwrap(),
            location: Location::parse(location).unwrap(),
            metadata: Metadata::parse(&metadata.to_string()).unwrap(),
            ..new.details
        };
        on.events.insert(&new).await.unwrap();
        if number == 1 {
            on.hold(new.id, 5).await;
        }
    }
}

/// Filters, and which of the five they find.
fn filters() -> Vec<(EventFilter, Vec<u8>)> {
    let none = EventFilter::default;
    let q = |words| EventFilter {
        search: Some(SearchWords::parse(words).unwrap()),
        ..none()
    };
    let tag = |tag| EventFilter {
        tag: Some(Tag::parse(tag).unwrap()),
        ..none()
    };
    let moment = |number: i64| Some(at(FAR + number));
    let (from, to) = (moment(2), moment(4));
    let available = true;
    vec![
        (none(), vec![1, 2, 3, 4, 5]),
        (q("rock"), vec![1, 5]),
        (q("ROCK RING"), vec![1]),
        (q("ring rock nürburg"), vec![1]),
        (q("abend köln"), vec![2]),
        (q("überjazz"), vec![3]),
        (q("Überjazz"), vec![3]),
        (q("geology all"), vec![5]),
        (q("nothing"), vec![]),
        // To the letter, whatever it means in a pattern.
        (q("100%"), vec![2]),
        (q("%"), vec![2]),
        (q("_d_"), vec![3]),
        (q("a.b"), vec![3]),
        (q("."), vec![3]),
        (q("[c]"), vec![3]),
        (q("(west"), vec![2]),
        (q("\\E"), vec![4]),
        (q("^chess$"), vec![]),
        (q("$where"), vec![]),
        (tag("rock"), vec![1]),
        (tag("open air"), vec![1]),
        (tag("Rock"), vec![5]),
        (tag("jazz"), vec![2, 3]),
        (tag("7"), vec![]),
        (tag("$ne"), vec![]),
        (EventFilter { from, ..none() }, vec![2, 3, 4, 5]),
        (EventFilter { to, ..none() }, vec![1, 2, 3]),
        (EventFilter { from, to, ..none() }, vec![2, 3]),
        (
            EventFilter {
                from: to,
                to: from,
                ..none()
            },
            vec![],
        ),
        (
            EventFilter {
                available,
                ..none()
            },
            vec![2, 3, 4, 5],
        ),
        (
            EventFilter {
                available,
                ..q("rock")
            },
            vec![5],
        ),
        (
            EventFilter {
                from,
                to: moment(3),
                ..tag("jazz")
            },
            vec![2],
        ),
    ]
}

pub async fn each_filter_finds_its_events_in_both_orders(on: Documents) {
    five(&on).await;
    for (filter, mut expected) in filters() {
        let counted = on.events.count(&filter).await.unwrap();
        assert_eq!(counted, expected.len() as u64, "{filter:?}");
        for order in [EarliestFirst, LatestFirst] {
            let filter = filter.clone();
            let query = EventQuery { filter, order };
            assert_eq!(list(&on, &query).await, expected, "{query:?}");
            for size in [1, 2] {
                assert_eq!(walk(&on, &query, size).await, expected, "{query:?}");
            }
            let second = on.events.list(&query, Start::Offset(1), 101).await;
            let second = last_bytes(&second.unwrap());
            assert_eq!(second, expected.get(1..).unwrap_or_default(), "{query:?}");
            expected.reverse();
        }
    }
}

pub async fn words_are_found_whatever_the_case_of_their_letters(on: Documents) {
    // Letters whose case is not simply another letter.
    for (number, title) in [(1, "Yeni İstanbul"), (2, "Οδυσσέας"), (3, "ΛΟΓΟΣ λόγος")]
    {
        let mut new = dated(number, FAR + i64::from(number));
        new.details.title = Title::parse(title).unwrap();
        on.events.insert(&new).await.unwrap();
    }
    for (words, found) in [
        ("İstanbul", vec![1]),
        ("İSTANBUL yeni", vec![1]),
        ("stanbul", vec![1]),
        ("ΟΔΥΣ", vec![2]),
        ("οδυς", vec![2]),
        ("οδυσ", vec![2]),
        ("λόγοσ", vec![3]),
        ("λόγος", vec![3]),
        ("λογος", vec![3]),
    ] {
        let search = Some(SearchWords::parse(words).unwrap());
        let filter = EventFilter {
            search,
            ..EventFilter::default()
        };
        assert_eq!(on.events.count(&filter).await.unwrap(), 1, "{words}");
        let query = EventQuery {
            filter,
            ..EventQuery::default()
        };
        assert_eq!(list(&on, &query).await, found, "{words}");
    }
}

pub async fn a_change_counts_in_the_next_list(on: Documents) {
    five(&on).await;
    let change = EventChange {
        title: Some(Title::parse("Polka").unwrap()),
        metadata: Some(Metadata::default()),
        ..Default::default()
    };
    let id = dated(2, 0).id;
    on.events
        .update(id, &edit(&change, ExpectedRevision::Any))
        .await
        .unwrap();
    for (words, found) in [("polka", vec![2]), ("live", vec![])] {
        let search = Some(SearchWords::parse(words).unwrap());
        let filter = EventFilter {
            search,
            ..EventFilter::default()
        };
        let query = EventQuery {
            filter,
            ..EventQuery::default()
        };
        assert_eq!(list(&on, &query).await, found, "{words}");
    }
    let tag = Some(Tag::parse("jazz").unwrap());
    let filter = EventFilter {
        tag,
        ..EventFilter::default()
    };
    assert_eq!(on.events.count(&filter).await.unwrap(), 1);
}

/// An event that comes while others walk the list.
fn newcomer(kind: u8, round: u8, millis: i64) -> NewEvent {
    let mut new = dated(round, millis);
    let mut bytes = new.id.bytes();
    bytes[10] = kind;
    new.id = EventId::from_bytes(bytes);
    new
}

/// Changes an event in all but its date, and sells a ticket of it.
async fn changed(on: &Documents, event: EventId, round: u8) {
    let change = EventChange {
        title: Some(Title::parse(&format!("Round {round}")).unwrap()),
        location: Some(Location::parse("Elsewhere").unwrap()),
        ..Default::default()
    };
    let edit = edit(&change, ExpectedRevision::Any);
    on.events.update(event, &edit).await.unwrap();
    on.hold(event, 1).await;
}

async fn deleted(on: &Documents, event: EventId) {
    let token = token();
    on.close(event, token).await.unwrap();
    assert!(on.delete_closed(event, token).await.unwrap());
}

pub async fn a_walk_meets_each_event_once_while_others_come_and_go(on: Documents) {
    let there: Vec<NewEvent> = (100..130).map(|byte| dated(byte, FAR)).collect();
    stored(&on, &there).await;
    let (mut seen, mut start): (Vec<EventId>, _) = (Vec::new(), Start::First);
    for round in 0..60_u8 {
        // Before, behind, and of the same date; some of them go again, read or not.
        let far = i64::from(round);
        let newcomers = [
            newcomer(2, round, FAR - 1 - far),
            newcomer(3, round, FAR + 1 + far),
            newcomer(4, round, FAR),
            newcomer(5, round, FAR - 1 - far),
            newcomer(6, round, FAR + 1 + far),
        ];
        stored(&on, &newcomers).await;
        deleted(&on, newcomers[3].id).await;
        deleted(&on, newcomers[4].id).await;
        let others = there.iter().skip(usize::from(round)).step_by(7);
        for other in others {
            changed(&on, other.id, round).await;
        }
        let part = on.events.list(&all(EarliestFirst), start, 4).await.unwrap();
        let Some(last) = part.last() else {
            break;
        };
        start = Start::After(last.position());
        // The row that the cursor names may go.
        if newcomers.iter().any(|newcomer| newcomer.id == last.id) {
            deleted(&on, last.id).await;
        }
        seen.extend(part.iter().map(|event| event.id));
    }
    for event in &there {
        let times = seen.iter().filter(|id| **id == event.id).count();
        assert_eq!(times, 1, "{}", event.id);
    }
    let mut once = seen.clone();
    once.sort();
    once.dedup();
    assert_eq!(once.len(), seen.len());
}
