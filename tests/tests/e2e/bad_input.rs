//! Whatever a client sends: the documented 4xx, never a 500.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Client, World};

/// A good body per route that takes one.
fn good_bodies(event: &str) -> Vec<(Method, String, Value)> {
    let user = json!({"name": "John", "email": "new@example.com", "password": "SecurePass@123"});
    let event_body = json!({"title": "t", "description": "d", "date": "2030-01-01T00:00:00Z", "location": "l", "totalTickets": 5, "metadata": {"a": 1}});
    vec![
        (Method::POST, "/api/auth/create-admin".into(), user.clone()),
        (Method::POST, "/api/auth/create-user".into(), user),
        (
            Method::POST,
            "/api/auth/login".into(),
            json!({"email": "a@example.com", "password": "SecurePass@123"}),
        ),
        (
            Method::POST,
            "/api/auth/refresh-token".into(),
            json!({"refreshToken": "A".repeat(43)}),
        ),
        (
            Method::PUT,
            "/api/auth/change-password".into(),
            json!({"currentPassword": "SecurePass@123", "newPassword": "SecurePass@123"}),
        ),
        (
            Method::POST,
            "/api/events/create-event".into(),
            event_body.clone(),
        ),
        (
            Method::PUT,
            format!("/api/events/{event}/update-event"),
            event_body,
        ),
        (
            Method::POST,
            "/api/bookings/create-booking".into(),
            json!({"eventId": event, "quantity": 1}),
        ),
    ]
}

async fn send(
    client: &Client,
    method: &Method,
    path: &str,
    body: impl Into<reqwest::Body>,
) -> tests::Answer {
    let request = client
        .request(method.clone(), path)
        .header("Content-Type", "application/json");
    client.send(request.body(body)).await
}

/// Values that no field takes.
fn wrong_for_every_field() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!([]),
        json!(["x"]),
        json!({"$gt": ""}),
        json!(-1),
        json!(0),
        json!(1.5),
        json!(1e300),
        json!(""),
        json!("   "),
        json!("nul\u{0}byte"),
        json!("bell\u{7}"),
    ]
}

#[tokio::test]
async fn a_wrong_value_names_its_field() {
    let world = World::new().await;
    let (client, event) = (&world.admin.client, world.event(5).await);
    for (method, path, good) in good_bodies(&event) {
        for field in good.as_object().unwrap().keys() {
            for wrong in wrong_for_every_field() {
                if field == "description"
                    && wrong.as_str().is_some_and(|text| text.trim().is_empty())
                {
                    // An event needs no description.
                    continue;
                }
                let mut body = good.clone();
                body[field] = wrong.clone();
                let answer = send(client, &method, &path, body.to_string()).await;
                let told = format!(
                    "{method} {path} {field}={wrong}: {} {}",
                    answer.status, answer.text
                );
                if path.ends_with("login") && field == "password" || field == "currentPassword" {
                    assert!(matches!(answer.status, 401 | 422), "{told}");
                    continue;
                }
                if field == "eventId" && wrong.is_string() {
                    assert!(matches!(answer.status, 404 | 422), "{told}");
                    continue;
                }
                assert_eq!(answer.status, 422, "{told}");
                let answer = answer.expect_problem(422, "validation_failed");
                assert!(
                    answer
                        .fields()
                        .iter()
                        .all(|name| name.starts_with(field.as_str())),
                    "{told}"
                );
            }
        }
    }
}

#[tokio::test]
async fn all_wrong_fields_are_named_at_once() {
    let world = World::new().await;
    let body = json!({"name": "", "email": 7, "password": "short", "extra": 1});
    let answer = world
        .server
        .client()
        .post("/api/auth/create-user", &body)
        .await;
    let answer = answer.expect_problem(422, "validation_failed");
    let mut fields = answer.fields();
    fields.sort_unstable();
    assert_eq!(fields, ["email", "extra", "name", "password"]);
    let answer = world
        .server
        .client()
        .post("/api/auth/create-user", &json!({}))
        .await;
    assert_eq!(
        answer
            .expect_problem(422, "validation_failed")
            .fields()
            .len(),
        3
    );
}

#[tokio::test]
async fn missing_and_unknown_fields_are_refused() {
    let world = World::new().await;
    let (client, event) = (&world.admin.client, world.event(5).await);
    for (method, path, good) in good_bodies(&event) {
        let mut extra = good.clone();
        extra["unknown"] = json!(1);
        let answer = send(client, &method, &path, extra.to_string()).await;
        assert_eq!(
            answer.expect_problem(422, "validation_failed").fields(),
            ["unknown"]
        );
        if method == Method::PUT {
            continue;
        }
        for field in good.as_object().unwrap().keys() {
            if matches!(field.as_str(), "metadata" | "quantity") {
                continue;
            }
            let mut less = good.clone();
            less.as_object_mut().unwrap().remove(field);
            let answer = send(client, &method, &path, less.to_string()).await;
            assert_eq!(
                answer.expect_problem(422, "validation_failed").fields(),
                [field.as_str()]
            );
        }
    }
}

#[tokio::test]
async fn what_is_no_json_is_malformed() {
    let world = World::new().await;
    let (client, event) = (&world.admin.client, world.event(5).await);
    let bodies: [&[u8]; 8] = [
        b"",
        b"{",
        b"{\"a\":}",
        b"{'a':1}",
        b"nul",
        b"\xff\xfe\xfa",
        b"{\"name\":\"\xc3\x28\"}",
        b"{} trailing",
    ];
    for (method, path, _) in good_bodies(&event) {
        for body in bodies {
            let answer = send(client, &method, &path, body.to_vec()).await;
            answer.expect_problem(400, "malformed_request");
        }
        for body in ["[]", "\"text\"", "7", "null", "true"] {
            send(client, &method, &path, body)
                .await
                .expect_problem(422, "validation_failed");
        }
    }
}

#[tokio::test]
async fn huge_and_deep_bodies_end_with_their_own_codes() {
    let world = World::new().await;
    let (client, event) = (&world.admin.client, world.event(5).await);
    let huge = format!("{{\"title\": \"{}\"}}", "x".repeat(70_000));
    let deep = format!("{}{}", "[".repeat(30_000), "]".repeat(30_000));
    for (method, path, _) in good_bodies(&event) {
        send(client, &method, &path, huge.clone())
            .await
            .expect_problem(413, "payload_too_large");
        for body in [deep.clone(), format!("{{\"metadata\": {deep}}}")] {
            let answer = send(client, &method, &path, body).await;
            answer.expect_problem(422, "validation_failed");
        }
        let unclosed = "[".repeat(60_000);
        send(client, &method, &path, unclosed)
            .await
            .expect_problem(400, "malformed_request");
        let text = client
            .request(method.clone(), &path)
            .header("Content-Type", "text/plain")
            .body("{}");
        client
            .send(text)
            .await
            .expect_problem(415, "unsupported_media_type");
    }
}

#[tokio::test]
async fn metadata_has_limits() {
    let world = World::new().await;
    let event = |metadata: &str| {
        format!(
            "{{\"title\":\"t\",\"description\":\"d\",\"date\":\"2030-01-01T00:00:00Z\",\"location\":\"l\",\"totalTickets\":5,\"metadata\":{metadata}}}"
        )
    };
    let nested = |levels: usize| format!("{}1{}", "{\"a\":".repeat(levels), "}".repeat(levels));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(16 * 1024));
    let cases = [
        ("{\"$where\": 1}".to_owned(), false),
        ("{\"a.b\": 1}".to_owned(), false),
        ("{\"a\": {\"$gt\": 1}}".to_owned(), false),
        ("{\"a\": [{\"x.y\": 1}]}".to_owned(), false),
        ("{\"a\": \"nul\\u0000\"}".to_owned(), false),
        ("{\"a\": 9223372036854775808}".to_owned(), false),
        ("{\"a\": 1e999}".to_owned(), false),
        (nested(9), false),
        (long, false),
        (nested(8), true),
        ("{\"a\": 9223372036854775807, \"b\": -9223372036854775808, \"c\": 1.0, \"a$b\": \"$x.y\"}".to_owned(), true),
    ];
    for (metadata, good) in cases {
        let body = event(&metadata);
        let answer = world
            .admin
            .client
            .post_text("/api/events/create-event", body)
            .await;
        if good {
            let back = serde_json::to_string(&answer.expect(201).body["metadata"]).unwrap();
            let sent: Value = serde_json::from_str(&metadata).unwrap();
            assert_eq!(back, serde_json::to_string(&sent).unwrap());
        } else {
            let shown: String = metadata.chars().take(60).collect();
            assert_eq!(answer.status, 422, "{shown}: {}", answer.text);
            let answer = answer.expect_problem(422, "validation_failed");
            assert_eq!(answer.fields(), ["metadata"], "{shown}");
        }
    }
}

#[tokio::test]
async fn ids_of_every_wrong_form_are_not_found() {
    let world = World::new().await;
    let client = &world.admin.client;
    for id in [
        "1",
        "x",
        "507f1f77bcf86cd79943901",
        "507f1f77bcf86cd7994390111",
        "507f1f77bcf86cd79943901g",
        "%00",
        "..%2f",
        "%ff%fe",
        "%7B%22$gt%22:%22%22%7D",
        "507f1f77bcf86cd799439011",
    ] {
        let answer = client.get(&format!("/api/events/{id}/fetchById")).await;
        assert_eq!(answer.status, 404, "{id}: {}", answer.text);
        let answer = client
            .put(
                &format!("/api/events/{id}/update-event"),
                &json!({"title": "x"}),
            )
            .await;
        assert_eq!(answer.status, 404, "{id}: {}", answer.text);
        let answer = client
            .delete(&format!("/api/events/{id}/delete-event"))
            .await;
        assert_eq!(answer.status, 404, "{id}: {}", answer.text);
    }
    for id in [
        "0",
        "-1",
        "01",
        "1.5",
        "1e3",
        "x",
        "9223372036854775808",
        "99999999999999999999999",
        "%31%00",
        "2147483648",
    ] {
        let answer = client
            .delete(&format!("/api/bookings/{id}/cancel-booking"))
            .await;
        assert_eq!(answer.status, 404, "{id}: {}", answer.text);
    }
}

#[tokio::test]
async fn queries_are_checked() {
    let world = World::new().await;
    let client = &world.admin.client;
    for path in ["/api/events/paginate", "/api/bookings/my-bookings/paginate"] {
        for query in [
            "page=0",
            "page=-1",
            "page=x",
            "page=1.5",
            "limit=0",
            "limit=101",
            "limit=",
            "page=99999999999999999999",
            "unknown=1",
            "page=1&page=2",
            "page[$gt]=1",
        ] {
            let answer = client.get(&format!("{path}?{query}")).await;
            answer.expect_problem(422, "validation_failed");
        }
        client
            .get(&format!("{path}?page=9007199254740991&limit=100"))
            .await
            .expect(200);
    }
}

#[tokio::test]
async fn unknown_routes_and_methods_are_problems_too() {
    let world = World::new().await;
    let client = &world.admin.client;
    for path in [
        "/",
        "/api",
        "/api/nowhere",
        "/api/events",
        "/api/events/x/y/z",
        "/favicon.ico",
        "/api/../etc/passwd",
    ] {
        client.get(path).await.expect_problem(404, "not_found");
    }
    for (method, path) in [
        (Method::DELETE, "/api/events/paginate"),
        (Method::GET, "/api/auth/login"),
        (Method::PATCH, "/api/bookings/create-booking"),
        (Method::POST, "/health/live"),
    ] {
        let answer = client.send(client.request(method, path)).await;
        answer.expect_problem(405, "method_not_allowed");
    }
}

#[tokio::test]
async fn numbers_and_lengths_at_their_limits() {
    let world = World::new().await;
    let (client, event) = (&world.admin.client, world.event(50).await);
    for (quantity, status) in [
        ("1", 201),
        ("10", 201),
        ("11", 422),
        ("0", 422),
        ("1.0", 201),
        ("1.5", 422),
        ("\"1\"", 422),
        ("99999999999999999999", 422),
        ("-9223372036854775809", 422),
    ] {
        let body = format!("{{\"eventId\": \"{event}\", \"quantity\": {quantity}}}");
        let answer = client.post_text("/api/bookings/create-booking", body).await;
        assert!(answer.status == status, "{quantity}: {}", answer.text);
    }
    let world = &world;
    let create = |field: &str, value: Value| {
        let mut body = json!({"title": "t", "description": "d", "date": "2030-01-01T00:00:00Z", "location": "l", "totalTickets": 5});
        body[field] = value;
        async move { world.create_event(&body).await.status }
    };
    assert_eq!(create("title", json!("ü".repeat(200))).await, 201);
    assert_eq!(create("title", json!("ü".repeat(201))).await, 422);
    assert_eq!(create("description", json!("🎟".repeat(10_000))).await, 201);
    assert_eq!(create("description", json!("x".repeat(10_001))).await, 422);
    assert_eq!(create("location", json!("x".repeat(300))).await, 201);
    assert_eq!(create("totalTickets", json!(1_000_000)).await, 201);
    assert_eq!(create("totalTickets", json!(1_000_001)).await, 422);
    assert_eq!(create("date", json!("2030-01-01")).await, 422);
    assert_eq!(create("date", json!("2030-13-01T00:00:00Z")).await, 422);
    assert_eq!(create("date", json!("0001-01-01T00:00:00Z")).await, 201);
    assert_eq!(create("date", json!("9999-12-31T23:59:59.999Z")).await, 201);
}
