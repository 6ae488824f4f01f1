//! Lists of events, as clients walk them.

use serde_json::{Value, json};
use tests::{Client, World};

const PATH: &str = "/api/events/paginate";

async fn make(admin: &Client, title: &str, date: &str, tags: Value, tickets: u32) -> String {
    let event = json!({
        "title": title, "description": "", "date": date, "location": "Hall",
        "totalTickets": tickets, "metadata": {"tags": tags},
    });
    let answer = admin.post("/api/events/create-event", &event).await;
    answer.expect(201).id()
}

fn titles(answer: &Value) -> Vec<&str> {
    let rows = answer["data"].as_array().unwrap();
    rows.iter()
        .map(|row| row["title"].as_str().unwrap())
        .collect()
}

/// The target of the link of that relation.
fn link(header: &str, relation: &str) -> Option<String> {
    let end = format!("; rel=\"{relation}\"");
    let mut links = header
        .split(", ")
        .filter_map(|link| link.strip_suffix(&end));
    let target = links.next()?.strip_prefix('<')?.strip_suffix('>')?;
    Some(target.to_owned())
}

#[tokio::test]
async fn events_are_found_by_words_time_tag_and_tickets() {
    let world = World::new().await;
    let admin = &world.admin.client;
    let past = "2020-01-01T00:00:00Z";
    make(admin, "Jazz before", past, json!(["jazz"]), 5).await;
    make(
        admin,
        "Jazz night",
        "2990-01-01T00:00:00Z",
        json!(["jazz", "late"]),
        5,
    )
    .await;
    let full = make(
        admin,
        "JAZZ über alles",
        "2991-01-01T00:00:00Z",
        json!([]),
        1,
    )
    .await;
    make(admin, "Chess", "2992-01-01T00:00:00Z", json!("late"), 5).await;
    let john = world.user("john").await.client;
    john.book(&full, 1).await.expect(201);
    for (query, expected) in [
        (
            "",
            vec!["Jazz before", "Jazz night", "JAZZ über alles", "Chess"],
        ),
        ("q=jazz+n", vec!["Jazz night"]),
        ("q=%C3%9CBER", vec!["JAZZ über alles"]),
        ("tag=late&sort=-date", vec!["Chess", "Jazz night"]),
        (
            "from=2990-01-01T00:00:00Z&to=2992-01-01T00:00:00Z",
            vec!["Jazz night", "JAZZ über alles"],
        ),
        ("available=true", vec!["Jazz night", "Chess"]),
        ("available=true&q=jazz&tag=jazz", vec!["Jazz night"]),
    ] {
        let found = john.get(&format!("{PATH}?{query}")).await.expect(200).body;
        assert_eq!(titles(&found), expected, "{query}");
        assert_eq!(found["pagination"]["total"], expected.len(), "{query}");
        assert_eq!(found["pagination"].get("nextCursor"), None, "{query}");
    }
}

#[tokio::test]
async fn a_list_is_walked_by_its_links_while_others_write() {
    let world = World::new().await;
    let admin = &world.admin.client;
    let date = "2990-01-01T00:00:00Z";
    let mut there = Vec::new();
    for _ in 0..10 {
        there.push(make(admin, "There", date, json!(["walk"]), 5).await);
    }
    let page = admin
        .get(&format!("{PATH}?tag=walk&limit=3"))
        .await
        .expect(200);
    assert_eq!(page.body["pagination"]["totalPages"], 4);
    let header = page.header("Link").unwrap();
    let pages = ["first", "prev", "next", "last"].map(|relation| link(header, relation));
    let of = |page: u8| Some(format!("{PATH}?tag=walk&limit=3&page={page}"));
    assert_eq!(pages, [of(1), None, of(2), of(4)]);
    let rows = |answer: &Value| -> Vec<String> {
        let rows = answer["data"].as_array().unwrap();
        rows.iter()
            .map(|row| row["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let begun = admin
        .get(&format!("{PATH}?tag=walk&limit=3&cursor="))
        .await
        .expect(200);
    let (counted, walked) = (&page.body["pagination"], &begun.body["pagination"]);
    assert_eq!(
        walked,
        &json!({"limit": 3, "nextCursor": counted["nextCursor"]})
    );
    let mut seen = rows(&begun.body);
    let mut next = link(begun.header("Link").unwrap(), "next");
    while let Some(path) = next {
        // In front of what was read already: a page by number would show rows again.
        make(
            admin,
            "Newcomer",
            "2980-01-01T00:00:00Z",
            json!(["walk"]),
            5,
        )
        .await;
        let part = admin.get(&path).await.expect(200);
        seen.extend(rows(&part.body));
        next = link(part.header("Link").unwrap(), "next");
    }
    there.sort();
    seen.sort();
    assert_eq!(seen, there);
}
