//! Metadata: what goes in comes back equal.

use super::super::Documents;
use super::super::make::*;
use crate::event::{EventChange, EventDetails, EventId, Metadata};

fn metadata(json: &str) -> Metadata {
    Metadata::parse(json).unwrap()
}

async fn stored_text(on: &Documents, event: EventId) -> String {
    serde_json::to_string(on.stored(event).await.metadata.as_map()).unwrap()
}

/// Inserts and updates an event with `json` (compact, as serde_json prints it), and reads it back.
async fn goes_in_and_comes_back(on: &Documents, json: &str) {
    let details = EventDetails {
        metadata: metadata(json),
        ..details(5)
    };
    let new = event_with(details);
    let inserted = on.events.insert(&new).await.unwrap();
    assert_eq!(inserted.metadata, metadata(json));
    // As text: an order that was lost or a 1.0 that became 1 would show.
    assert_eq!(stored_text(on, new.id).await, json);

    let other = on.event(5).await;
    let change = EventChange {
        metadata: Some(metadata(json)),
        ..EventChange::default()
    };
    let updated = on.edit(other, &change, at(AT)).await.unwrap();
    assert_eq!(updated.metadata, metadata(json));
    assert_eq!(stored_text(on, other).await, json);
}

pub async fn an_empty_object_comes_back_equal(on: Documents) {
    goes_in_and_comes_back(&on, "{}").await;
    goes_in_and_comes_back(&on, r#"{"a":{},"b":[],"":"","c":[[],{}]}"#).await;
}

pub async fn integers_of_64_bits_come_back_equal(on: Documents) {
    let json = r#"{"n":[0,1,-1,2147483647,2147483648,-2147483649,9007199254740993,9223372036854775807,-9223372036854775808]}"#;
    goes_in_and_comes_back(&on, json).await;
}

pub async fn doubles_come_back_equal(on: Documents) {
    let json =
        r#"{"n":[0.1,-0.5,1.0,-0.0,1e300,5e-324,1.7976931348623157e308,0.30000000000000004]}"#;
    let printed = serde_json::to_string(metadata(json).as_map()).unwrap();
    goes_in_and_comes_back(&on, &printed).await;
}

pub async fn text_and_keys_in_metadata_come_back_equal(on: Documents) {
    for json in [
        r#"{"speakers":["Zoë","王小明","👩🏽‍💻"],"ü":"\"\\\n\t","price in $":"a.b"}"#,
        r#"{"z":null,"a":true,"m":false,"_id":1,"id":2,"type":"x","0":"zero"}"#,
        r#"{"value":"$title","list":["$$NOW","$$REMOVE",{"x":"$holds"}],"date":"2024-12-31T10:00:00Z"}"#,
        r#"{"title":"not the title","totalTickets":7,"holds":[],"availableTickets":-1}"#,
    ] {
        goes_in_and_comes_back(&on, json).await;
    }
}

pub async fn eight_levels_of_metadata_come_back_equal(on: Documents) {
    goes_in_and_comes_back(&on, r#"{"1":{"2":[{"4":{"5":[[{"8":"deep"}]]}}]}}"#).await;
}

pub async fn sixteen_kilobytes_of_metadata_come_back_equal(on: Documents) {
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(Metadata::MAX_BYTES - 8));
    goes_in_and_comes_back(&on, &long).await;
    let many: Vec<String> = (0..1_000).map(|n| format!("\"key{n}\":{n}")).collect();
    goes_in_and_comes_back(&on, &format!("{{{}}}", many.join(","))).await;
}

pub async fn new_metadata_replaces_the_whole_object(on: Documents) {
    let details = EventDetails {
        metadata: metadata(r#"{"a":1,"b":{"c":2,"d":3}}"#),
        ..details(5)
    };
    let event = on.events.insert(&event_with(details)).await.unwrap().id;
    for json in [r#"{"b":{"d":4}}"#, "{}", r#"{"e":5}"#] {
        let change = EventChange {
            metadata: Some(metadata(json)),
            ..EventChange::default()
        };
        on.edit(event, &change, at(AT)).await.unwrap();
        assert_eq!(stored_text(&on, event).await, json);
    }
}
