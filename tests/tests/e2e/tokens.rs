//! Tokens that are not to be believed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tests::{JWT_SECRET, World};

#[expect(
    clippy::disallowed_methods,
    reason = "a token of a test is signed at a real time"
)]
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs()
}

fn claims(user: i64) -> Value {
    json!({"iss": "boxoffice", "sub": user.to_string(), "role": "admin", "iat": now(), "exp": now() + 600})
}

fn signed(algorithm: Algorithm, secret: &str, claims: &Value) -> String {
    encode(
        &Header::new(algorithm),
        claims,
        &EncodingKey::from_secret(secret.as_bytes()),
    )
    .unwrap()
}

fn with(user: i64, name: &str, value: Value) -> Value {
    let mut claims = claims(user);
    claims[name] = value;
    claims
}

/// `{"alg":"none","typ":"JWT"}` in front of the claims of a good token, without a signature.
fn unsigned(good: &str) -> String {
    let claims = good.split('.').nth(1).unwrap();
    format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.")
}

/// Another character in the signature: never the one that is there already.
fn tampered(good: &str) -> String {
    let (head, tail) = good.split_at(good.len() - 4);
    let other = if tail.starts_with('x') { 'y' } else { 'x' };
    format!("{head}{other}{}", &tail[1..])
}

#[tokio::test]
async fn only_our_own_fresh_tokens_open_anything() {
    let world = World::new().await;
    let id = world.admin.id;
    let client = world.server.client();
    let good = signed(Algorithm::HS256, JWT_SECRET, &claims(id));
    client
        .with_token(&good)
        .get("/api/auth/user-profile")
        .await
        .expect(200);
    let tampered = tampered(&good);
    let bad = [
        signed(
            Algorithm::HS256,
            JWT_SECRET,
            &with(id, "exp", json!(now() - 60)),
        ),
        signed(
            Algorithm::HS256,
            JWT_SECRET,
            &with(id, "iss", json!("somebody")),
        ),
        signed(Algorithm::HS256, JWT_SECRET, &with(id, "sub", json!("x"))),
        signed(Algorithm::HS256, JWT_SECRET, &with(id, "sub", Value::Null)),
        signed(Algorithm::HS256, JWT_SECRET, &with(id, "exp", Value::Null)),
        signed(
            Algorithm::HS256,
            "another-key-that-is-long-enough-too",
            &claims(id),
        ),
        signed(Algorithm::HS384, JWT_SECRET, &claims(id)),
        signed(Algorithm::HS512, JWT_SECRET, &claims(id)),
        unsigned(&good),
        tampered,
        "nonsense".to_owned(),
        "a.b.c".to_owned(),
        "x".repeat(5_000),
        // A user who never was.
        signed(Algorithm::HS256, JWT_SECRET, &claims(999_999)),
    ];
    for token in bad {
        let answer = client
            .with_token(&token)
            .get("/api/auth/user-profile")
            .await;
        answer.expect_problem(401, "invalid_token");
    }
    client
        .get("/api/auth/user-profile")
        .await
        .expect_problem(401, "missing_token");
}

#[tokio::test]
async fn a_role_in_a_token_is_not_believed_over_the_users_own() {
    let world = World::new().await;
    let john = world.user("john").await;
    let token = signed(Algorithm::HS256, JWT_SECRET, &claims(john.id));
    let client = world.server.client().with_token(&token);
    let answer = client.post("/api/events/create-event", &json!({})).await;
    answer.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_deleted_users_token_is_refused_soon() {
    let world = World::new().await;
    let john = world.user("john").await;
    john.client.get("/api/events/paginate").await.expect(200);
    world.inspect().await.delete_user(john.id).await;
    let refused = tests::until_true("the token is refused", async || {
        john.client.get("/api/events/paginate").await.status == 401
    });
    // The contract's own bound: how long a deleted user may still come in.
    let in_time = tokio::time::timeout(Duration::from_secs(5), refused).await;
    assert!(in_time.is_ok(), "a deleted user still comes in");
    let event = world.event(5).await;
    john.client
        .book(&event, 1)
        .await
        .expect_problem(401, "invalid_token");
}

#[tokio::test]
async fn every_route_but_the_open_ones_asks_for_a_token() {
    let world = World::new().await;
    let (client, event) = (world.server.client(), world.event(5).await);
    let fetch = format!("/api/events/{event}/fetchById");
    for path in [
        "/api/auth/user-profile",
        "/api/events/paginate",
        "/api/bookings/my-bookings/paginate",
        &fetch,
    ] {
        client.get(path).await.expect_problem(401, "missing_token");
    }
    client
        .post("/api/events/create-event", &json!({}))
        .await
        .expect_problem(401, "missing_token");
    client
        .put(&format!("/api/events/{event}/update-event"), &json!({}))
        .await
        .expect_problem(401, "missing_token");
    client
        .delete(&format!("/api/events/{event}/delete-event"))
        .await
        .expect_problem(401, "missing_token");
    client
        .book(&event, 1)
        .await
        .expect_problem(401, "missing_token");
    client.cancel(1).await.expect_problem(401, "missing_token");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_the_same() {
    let world = World::new().await;
    let client = world.server.client();
    let mut answers = Vec::new();
    for email in ["admin@example.com", "nobody@example.com"] {
        let body = json!({"email": email, "password": "wrong-password"});
        let answer = client.post("/api/auth/login", &body).await;
        let mut problem = answer.expect_problem(401, "invalid_credentials").body;
        problem.as_object_mut().unwrap().remove("requestId");
        answers.push(problem);
    }
    assert_eq!(answers[0], answers[1]);
}
