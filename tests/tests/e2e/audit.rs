//! The audit log.

use serde_json::{Value, json};
use tests::World;

#[track_caller]
fn find<'a>(log: &'a [Value], action: &str, outcome: &str) -> &'a Value {
    let found = log
        .iter()
        .find(|r| r["action"] == action && r["outcome"] == outcome);
    found.unwrap_or_else(|| panic!("no {action} with {outcome} in {log:#?}"))
}

#[tokio::test]
async fn everything_that_matters_leaves_a_record() {
    let world = World::new().await;
    let john = world.user("john").await;
    let wrong = json!({"email": "john@example.com", "password": "wrong-password"});
    let client = world.server.client();
    client
        .post("/api/auth/login", &wrong)
        .await
        .expect_problem(401, "invalid_credentials");
    let event = world.event(5).await;
    let path = format!("/api/events/{event}/update-event");
    world
        .admin
        .client
        .put(&path, &json!({"title": "New"}))
        .await
        .expect(200);
    let request = john
        .client
        .booking(&event, 2, Some("secret-key"))
        .header("X-Request-Id", "request-of-john");
    let booking = john.client.send(request).await.expect(201).number();
    john.client.cancel(booking).await.expect(200);
    let unbooked = world.event(5).await;
    world
        .admin
        .client
        .delete(&format!("/api/events/{unbooked}/delete-event"))
        .await
        .expect(204);

    let inspector = world.inspect().await;
    let wanted = 11;
    tests::until_true("all records", async || {
        inspector.audit_log().await.len() >= wanted
    })
    .await;
    let log = inspector.audit_log().await;
    assert_eq!(log.len(), wanted, "{log:#?}");
    for record in &log {
        for field in [
            "at",
            "level",
            "action",
            "actor",
            "outcome",
            "requestId",
            "details",
        ] {
            assert!(
                record.get(field).is_some(),
                "{field} is missing in {record}"
            );
        }
        assert_eq!(record["actor"]["address"], "127.0.0.1", "{record}");
    }
    let register = find(&log, "user.register", "success");
    assert_eq!(
        register["target"],
        json!({"kind": "user", "id": john.id.to_string()})
    );
    let failed = find(&log, "user.login", "failure");
    assert_eq!(failed["level"], "warn");
    assert_eq!(failed["target"], register["target"]);
    assert_eq!(failed["actor"].get("userId"), None);
    find(&log, "user.login", "success");
    find(&log, "admin.create", "success");
    find(&log, "event.update", "success");
    find(&log, "event.delete", "success");
    let created = find(&log, "event.create", "success");
    assert_eq!(
        (&created["actor"]["role"], &created["actor"]["userId"]),
        (&json!("admin"), &json!(world.admin.id))
    );
    let booked = find(&log, "booking.create", "success");
    assert_eq!(
        booked["target"],
        json!({"kind": "booking", "id": booking.to_string()})
    );
    assert_eq!(booked["requestId"], "request-of-john");
    assert_eq!(booked["actor"]["userId"], john.id);
    find(&log, "booking.cancel", "success");
    let text = serde_json::to_string(&log).unwrap();
    for secret in [
        "SecurePass@123",
        "wrong-password",
        "secret-key",
        john.client.token(),
    ] {
        assert!(!text.contains(secret), "{secret} is in the audit log");
        assert!(
            !world.server.log().contains(secret),
            "{secret} is in the log"
        );
    }
    assert!(!world.server.log().contains("john@example.com"));
}

#[tokio::test]
async fn records_of_bookings_survive_a_crash_and_the_others_a_stop() {
    let mut world = World::new().await;
    let event = world.event(50).await;
    let mut booked = Vec::new();
    for _ in 0..10 {
        booked.push(
            world
                .admin
                .client
                .book(&event, 1)
                .await
                .expect(201)
                .number()
                .to_string(),
        );
    }
    world.restart().await;
    let inspector = world.inspect().await;
    tests::until_true("the records of the bookings", async || {
        let log = inspector.audit_log().await;
        booked.iter().all(|id| {
            let of_it = log
                .iter()
                .filter(|r| r["action"] == "booking.create" && r["target"]["id"] == id.as_str());
            of_it.count() == 1
        })
    })
    .await;
    world.user("john").await;
    world.server.terminate();
    assert!(world.server.ended().await.success());
    let log = inspector.audit_log().await;
    assert!(log.iter().any(|record| record["action"] == "user.register"));
}
