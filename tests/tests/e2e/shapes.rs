//! The exact JSON of the contract.

use serde_json::{Value, json};
use tests::{Answer, World};

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

#[track_caller]
fn assert_time(value: &Value) {
    let text = value.as_str().unwrap();
    let form = "0000-00-00T00:00:00.000Z";
    let fits = text.len() == form.len()
        && text
            .chars()
            .zip(form.chars())
            .all(|(c, f)| if f == '0' { c.is_ascii_digit() } else { c == f });
    assert!(fits, "{text}");
}

#[tokio::test]
async fn users() {
    let world = World::new().await;
    let body =
        json!({"name": " John Doe ", "email": "John@Example.com", "password": "SecurePass@123"});
    let client = world.server.client();
    let made = client
        .post("/api/auth/create-user", &body)
        .await
        .expect(201);
    assert_eq!(
        keys(&made.body),
        ["createdAt", "email", "id", "name", "role"]
    );
    assert_eq!(
        (&made.body["name"], &made.body["role"]),
        (&json!("John Doe"), &json!("user"))
    );
    assert_eq!(made.body["email"], "John@Example.com");
    assert_time(&made.body["createdAt"]);

    let body = json!({"email": "jOHN@example.com", "password": "SecurePass@123"});
    let login = client.post("/api/auth/login", &body).await.expect(200);
    assert_eq!(
        keys(&login.body),
        [
            "expiresIn",
            "refreshExpiresIn",
            "refreshToken",
            "token",
            "tokenType",
            "user"
        ]
    );
    assert_eq!(
        (&login.body["tokenType"], &login.body["expiresIn"]),
        (&json!("Bearer"), &json!(900))
    );
    assert_eq!(login.body["user"], made.body);
    let john = client.with_token(login.body["token"].as_str().unwrap());
    let profile = john.get("/api/auth/user-profile").await.expect(200);
    assert_eq!(profile.body, made.body);

    let again = json!({"name": "J", "email": "JOHN@EXAMPLE.COM", "password": "SecurePass@123"});
    client
        .post("/api/auth/create-user", &again)
        .await
        .expect_problem(409, "email_taken");
}

#[tokio::test]
async fn events() {
    let world = World::new().await;
    let metadata = json!({"z": 1, "a": [1.0, -0.5, 1e300, null, true], "nested": {"ü": "\u{1F39F}", "": ""}, "n": i64::MIN});
    let body = json!({
        "title": "  <b>Tech & \"Talk\"</b> ", "description": "two\nlines\tand a tab",
        "date": "2030-12-31T12:00:00.1239+02:00", "location": "NYC", "totalTickets": 500, "metadata": metadata,
    });
    let made = world.create_event(&body).await.expect(201);
    let all = [
        "availableTickets",
        "createdAt",
        "createdBy",
        "date",
        "description",
        "id",
        "location",
        "metadata",
        "title",
        "totalTickets",
        "updatedAt",
    ];
    assert_eq!(keys(&made.body), all);
    assert_eq!(made.body["title"], "<b>Tech & \"Talk\"</b>");
    assert_eq!(made.body["description"], "two\nlines\tand a tab");
    assert_eq!(made.body["date"], "2030-12-31T10:00:00.123Z");
    assert_eq!(made.body["metadata"], metadata);
    assert_eq!(made.body["createdBy"], world.admin.id);
    assert_time(&made.body["createdAt"]);
    let id = made.id();
    assert!(
        id.len() == 24 && id.bytes().all(|b| b.is_ascii_hexdigit()),
        "{id}"
    );
    assert_eq!(
        made.header("location"),
        Some(format!("/api/events/{id}/fetchById").as_str())
    );
    let fetched = world
        .admin
        .client
        .get(&format!("/api/events/{id}/fetchById"))
        .await
        .expect(200);
    assert_eq!(fetched.body, made.body);
    // Also the text of it: key order and the kind of each number.
    assert_eq!(metadata_text(&fetched), metadata_text(&made));
    let listed = world
        .admin
        .client
        .get("/api/events/paginate")
        .await
        .expect(200);
    assert_eq!(keys(&listed.body), ["data", "pagination"]);
    assert_eq!(listed.body["data"][0], made.body);
    assert_eq!(
        keys(&listed.body["pagination"]),
        ["limit", "page", "total", "totalPages"]
    );
}

fn metadata_text(answer: &Answer) -> &str {
    let start = answer.text.find("\"metadata\"").unwrap();
    let end = answer.text.find("\"createdBy\"").unwrap();
    &answer.text[start..end]
}

#[tokio::test]
async fn bookings() {
    let world = World::new().await;
    let event = world.event(5).await;
    let made = world.admin.client.book(&event, 2).await.expect(201);
    assert_eq!(
        keys(&made.body),
        ["createdAt", "eventId", "id", "quantity", "status", "userId"]
    );
    assert_eq!(
        (&made.body["eventId"], &made.body["userId"]),
        (&json!(event), &json!(world.admin.id))
    );
    assert_time(&made.body["createdAt"]);
    let cancelled = world.admin.client.cancel(made.number()).await.expect(200);
    assert_eq!(
        keys(&cancelled.body),
        [
            "cancelledAt",
            "createdAt",
            "eventId",
            "id",
            "quantity",
            "status",
            "userId"
        ]
    );
    assert_time(&cancelled.body["cancelledAt"]);
    let mine = world
        .admin
        .client
        .get("/api/bookings/my-bookings/paginate")
        .await
        .expect(200);
    let booking = &mine.body["data"][0];
    assert_eq!(
        keys(booking),
        [
            "cancelledAt",
            "createdAt",
            "event",
            "eventId",
            "id",
            "quantity",
            "status",
            "userId"
        ]
    );
    assert_eq!(keys(&booking["event"]), ["date", "location", "title"]);
}

#[tokio::test]
async fn answers_carry_a_request_id_and_the_usual_security_headers() {
    let world = World::new().await;
    let client = world.server.client();
    let request = client
        .request(reqwest::Method::GET, "/health/live")
        .header("X-Request-Id", "mine-1");
    let answer = client.send(request).await.expect(200);
    assert_eq!(answer.header("x-request-id"), Some("mine-1"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    let own = client
        .get("/api/nowhere")
        .await
        .expect_problem(404, "not_found");
    assert!(own.header("x-request-id").unwrap().len() >= 16);
    tests::until_true("the id is in the log", async || {
        world.server.log().contains("mine-1")
    })
    .await;
    client.get("/health/ready").await.expect(200);
}
