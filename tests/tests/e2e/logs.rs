//! Reading the audit log.

use serde_json::{Value, json};
use tests::{Client, World};

/// All records that match, as pages of `limit` show them.
async fn walk(client: &Client, filters: &str, limit: usize) -> Vec<Value> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/logs/paginate?limit={limit}{filters}{cursor}");
        let page = client.get(&path).await.expect(200).body;
        let rows = page["data"].as_array().unwrap();
        assert!(rows.len() <= limit);
        seen.extend(rows.iter().cloned());
        match page["pagination"]["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

async fn until_written(client: &Client, filters: &str, count: usize) -> Vec<Value> {
    tests::until("the records", async || {
        let found = walk(client, filters, 100).await;
        (found.len() == count).then_some(found)
    })
    .await
}

#[tokio::test]
async fn changes_of_an_event_keep_before_and_after() {
    let world = World::new().await;
    let admin = &world.admin.client;
    let event = world.event(5).await;
    let change = json!({"title": "New", "totalTickets": 7, "metadata": {"a": [1.5, {"": null}]}});
    let path = format!("/api/events/{event}/update-event");
    admin.put(&path, &change).await.expect(200);
    let path = format!("/api/events/{event}/delete-event");
    admin.delete(&path).await.expect(204);
    let log = until_written(admin, &format!("&target=event:{event}"), 3).await;
    let actions: Vec<&str> = log.iter().map(|r| r["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["event.delete", "event.update", "event.create"]);
    let created = &log[2]["details"]["after"];
    assert_eq!(created["totalTickets"], 5);
    let updated = &log[1]["details"];
    assert_eq!(updated["after"], change);
    let before = json!({
        "title": created["title"], "totalTickets": 5, "metadata": created["metadata"],
    });
    assert_eq!(updated["before"], before);
    let mut last = created.clone();
    for (field, value) in change.as_object().unwrap() {
        last[field] = value.clone();
    }
    assert_eq!(log[0]["details"]["before"], last);
    assert_eq!(log[0]["actor"]["userId"], world.admin.id);
}

#[tokio::test]
async fn the_log_is_read_by_filter_and_cursor_and_by_admins_alone() {
    let world = World::new().await;
    let john = world.user("john").await;
    let event = world.event(50).await;
    for _ in 0..7 {
        john.client.book(&event, 1).await.expect(201);
    }
    let wrong = json!({"email": "john@example.com", "password": "wrong-password"});
    world.server.client().post("/api/auth/login", &wrong).await;
    let admin = &world.admin.client;
    let path = "/api/logs/paginate";
    john.client.get(path).await.expect_problem(403, "forbidden");
    // Two users, made and signed in, the event, the bookings, and the wrong password.
    until_written(admin, "", 13).await;
    let booked = walk(admin, "&action=booking.create", 100).await;
    assert_eq!(booked.len(), 7);
    assert!(booked.iter().all(|r| r["actor"]["userId"] == john.id));
    assert!(booked.is_sorted_by(|a, b| a["at"].as_str() >= b["at"].as_str()));
    for filters in ["", "&outcome=success", &format!("&actor={}", john.id)] {
        assert_eq!(
            walk(admin, filters, 3).await,
            walk(admin, filters, 100).await
        );
    }
    let failed = walk(admin, "&outcome=failure", 100).await;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0]["action"], "user.login");
    let nothing = walk(admin, "&until=2020-01-01T00:00:00Z", 5).await;
    assert_eq!(nothing, [] as [Value; 0]);

    let page = admin
        .get("/api/logs/paginate?limit=1")
        .await
        .expect(200)
        .body;
    let cursor = page["pagination"]["nextCursor"].as_str().unwrap();
    let other = format!("/api/logs/paginate?outcome=success&cursor={cursor}");
    let refused = admin
        .get(&other)
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(refused.fields(), ["cursor"]);
}

#[tokio::test]
async fn the_log_is_exported_oldest_first() {
    let world = World::new().await;
    let event = world.event(500).await;
    for _ in 0..20 {
        world.admin.client.book(&event, 1).await.expect(201);
    }
    // The admin, made and signed in, the event, and the bookings.
    let mut expected = until_written(&world.admin.client, "", 23).await;
    expected.reverse();
    let lines = async |arguments: &[&str]| {
        let output = world
            .databases
            .run(&[&["logs", "export"], arguments].concat())
            .await;
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let records = text.lines().map(|line| serde_json::from_str(line).unwrap());
        records.collect::<Vec<Value>>()
    };
    let end = ["--until", "9999-12-31T00:00:00Z"];
    assert_eq!(lines(&end).await, expected);
    // Whatever may still be on its way is left for later.
    assert_eq!(lines(&[]).await, Vec::<Value>::new());
    let from = expected[5]["at"].as_str().unwrap();
    let later = expected.iter().filter(|r| r["at"].as_str() >= Some(from));
    let later: Vec<Value> = later.cloned().collect();
    assert_eq!(lines(&[&["--since", from], &end[..]].concat()).await, later);
    let earlier = expected.iter().filter(|r| r["at"].as_str() < Some(from));
    let earlier: Vec<Value> = earlier.cloned().collect();
    assert_eq!(lines(&["--until", from]).await, earlier);
    let output = world
        .databases
        .run(&["logs", "export", "--since", "yesterday"])
        .await;
    assert_eq!(output.status.code(), Some(1));
    let line = String::from_utf8(output.stderr).unwrap();
    assert!(
        line.contains("--since") && line.lines().count() == 1,
        "{line}"
    );
}

#[tokio::test]
async fn old_records_are_deleted_only_if_that_is_asked_for() {
    let mut world = World::new().await;
    world.event(5).await;
    // The admin, made and signed in, and the event.
    until_written(&world.admin.client, "", 3).await;
    world.inspect().await.age_audit_log(40).await;
    world.restart().await;
    let login = json!({"email": "admin@example.com", "password": "wrong-password"});
    world.server.client().post("/api/auth/login", &login).await;
    until_written(&world.admin.client, "", 4).await;
    let strict = tests::Server::start(&world.databases, &[("AUDIT_RETENTION_DAYS", "30")]).await;
    let left = until_written(&world.admin.at(&strict).client, "", 1).await;
    assert_eq!(left[0]["outcome"], "failure");
}
