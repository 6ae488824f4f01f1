//! Tokens that are not to be believed.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};
use tests::{Client, JWT_SECRET, World};

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

/// A token that the server gave, taken apart, so that others can be made like it.
struct Model {
    header: Header,
    claims: Value,
}

impl Model {
    /// The token of a caller.
    fn of(client: &Client) -> Self {
        let key = DecodingKey::from_secret(JWT_SECRET.as_bytes());
        let rules = Validation::new(Algorithm::HS256);
        let token = decode::<Value>(client.token(), &key, &rules).unwrap();
        Self {
            header: token.header,
            claims: token.claims,
        }
    }

    /// The same token with another claim, signed with the right key.
    fn with(&self, name: &str, value: Value) -> String {
        let mut claims = self.claims.clone();
        claims[name] = value;
        signed(&self.header, JWT_SECRET, &claims)
    }

    /// The same claims under another header, signed with the right key.
    fn under(&self, header: Header) -> String {
        signed(&header, JWT_SECRET, &self.claims)
    }
}

fn signed(header: &Header, secret: &str, claims: &Value) -> String {
    encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap()
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
    let client = world.server.client();
    let model = Model::of(&world.admin.client);
    let good = signed(&model.header, JWT_SECRET, &model.claims);
    client
        .with_token(&good)
        .get("/api/auth/user-profile")
        .await
        .expect(200);
    let with_algorithm = |alg| Header {
        alg,
        ..model.header.clone()
    };
    let with_key = |kid: Option<&str>| Header {
        kid: kid.map(str::to_owned),
        ..model.header.clone()
    };
    let tampered = tampered(&good);
    let bad = [
        model.with("exp", json!(now() - 60)),
        model.with("iss", json!("somebody")),
        model.with("sub", json!("x")),
        model.with("sub", Value::Null),
        model.with("exp", Value::Null),
        model.with("sid", Value::Null),
        model.with("sid", json!("x")),
        signed(
            &model.header,
            "another-key-that-is-long-enough-too",
            &model.claims,
        ),
        model.under(with_algorithm(Algorithm::HS384)),
        model.under(with_algorithm(Algorithm::HS512)),
        model.under(with_key(None)),
        model.under(with_key(Some("0123456789abcdef"))),
        unsigned(&good),
        tampered,
        "nonsense".to_owned(),
        "a.b.c".to_owned(),
        "x".repeat(5_000),
        // A session that never was, and one of somebody else.
        model.with("sid", json!("01900000-0000-7000-8000-000000000001")),
        model.with("sub", json!("999999")),
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
    let token = Model::of(&john.client).with("role", json!("admin"));
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
    for path in ["/api/auth/logout", "/api/auth/logout-everywhere"] {
        let answer = client.post(path, &json!({})).await;
        answer.expect_problem(401, "missing_token");
    }
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
