//! Sessions: refresh tokens and their theft, the end of sessions on every instance, and new keys.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Value, json};
use tests::{Answer, Client, JWT_SECRET, PASSWORD, Server, World};

const PROFILE: &str = "/api/auth/user-profile";
/// How long an instance may go on believing in a session that ended elsewhere.
const BOUND: Duration = Duration::from_secs(5);

async fn refresh(client: &Client, token: &Value) -> Answer {
    let body = json!({ "refreshToken": token });
    client.post("/api/auth/refresh-token", &body).await
}

fn caller(server: &Server, tokens: &Value) -> Client {
    server
        .client()
        .with_token(tokens["token"].as_str().unwrap())
}

/// Waits until the caller is refused, at most as long as is promised.
async fn refused_soon(client: &Client) {
    let refused = tests::until_true("the session's end is seen", async || {
        client.get(PROFILE).await.status == 401
    });
    let in_time = tokio::time::timeout(BOUND, refused).await;
    assert!(in_time.is_ok(), "an ended session goes on");
}

#[tokio::test]
async fn a_refresh_token_used_twice_ends_the_session_for_thief_and_owner() {
    let world = World::new().await;
    let john = world.user("john").await;
    let client = world.server.client();
    let first = world.login("john").await;
    let second = refresh(&client, &first["refreshToken"]).await.expect(200);
    assert_eq!(second.body["user"], first["user"]);
    assert_ne!(second.body["refreshToken"], first["refreshToken"]);
    caller(&world.server, &second.body)
        .get(PROFILE)
        .await
        .expect(200);

    let again = refresh(&client, &first["refreshToken"]).await;
    again.expect_problem(401, "invalid_token");
    // On the instance that saw it, at once; and nothing of the family is good any more.
    for tokens in [&first, &second.body] {
        let answer = caller(&world.server, tokens).get(PROFILE).await;
        answer.expect_problem(401, "invalid_token");
        let answer = refresh(&client, &tokens["refreshToken"]).await;
        answer.expect_problem(401, "invalid_token");
    }
    // Another session of the same user goes on.
    john.client.get(PROFILE).await.expect(200);
    let inspector = world.inspect().await;
    let theft = tests::until("the record of the theft", async || {
        let log = inspector.audit_log().await;
        log.into_iter()
            .find(|record| record["action"] == "session.theft")
    })
    .await;
    assert_eq!(theft["outcome"], "failure");
    assert_eq!(theft["target"]["id"], john.id.to_string());
}

#[tokio::test]
async fn a_theft_that_another_instance_sees_ends_the_session_at_both() {
    let world = World::new().await;
    let other = world.server.another().await;
    world.user("john").await;
    let stolen = world.login("john").await;
    let owner = refresh(&world.server.client(), &stolen["refreshToken"]).await;
    let owner = owner.expect(200).body;
    // Both instances know the session.
    let here = caller(&world.server, &owner);
    let there = here.at(other.base());
    for client in [&here, &there] {
        client.get(PROFILE).await.expect(200);
    }
    let thief = refresh(&other.client(), &stolen["refreshToken"]).await;
    thief.expect_problem(401, "invalid_token");
    refused_soon(&here).await;
    refused_soon(&there).await;
    for server in [&world.server, &other] {
        let answer = refresh(&server.client(), &owner["refreshToken"]).await;
        answer.expect_problem(401, "invalid_token");
    }
}

#[tokio::test]
async fn of_many_uses_at_once_over_two_instances_one_succeeds() {
    let world = World::new().await;
    let other = world.server.another().await;
    world.user("john").await;
    let tokens = world.login("john").await;
    let clients = [world.server.client(), other.client()];
    let calls = (0..8).map(|n| refresh(&clients[n % 2], &tokens["refreshToken"]));
    let answers = join_all(calls).await;
    let succeeded = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(succeeded, 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        answer.expect_problem(401, "invalid_token");
    }
    refused_soon(&caller(&world.server, &tokens)).await;
}

#[tokio::test]
async fn the_end_of_sessions_is_seen_by_another_instance() {
    let world = World::new().await;
    let other = world.server.another().await;
    world.user("john").await;
    let mut sessions = Vec::new();
    for _ in 0..4 {
        let tokens = world.login("john").await;
        let here = caller(&world.server, &tokens);
        let there = here.at(other.base());
        there.get(PROFILE).await.expect(200);
        sessions.push((here, there));
    }
    let is_over = async |(here, there): &(Client, Client)| {
        // Where it was done, at once.
        let answer = here.get(PROFILE).await;
        answer.expect_problem(401, "invalid_token");
        refused_soon(there).await;
    };
    let (here, _) = &sessions[0];
    here.post("/api/auth/logout", &json!({})).await.expect(204);
    is_over(&sessions[0]).await;

    let (here, _) = &sessions[1];
    let wrong = json!({"currentPassword": "wrong-password", "newPassword": "AnotherPass@123"});
    let answer = here.put("/api/auth/change-password", &wrong).await;
    answer.expect_problem(401, "invalid_credentials");
    let right = json!({"currentPassword": PASSWORD, "newPassword": "AnotherPass@123"});
    let answer = here.put("/api/auth/change-password", &right).await;
    answer.expect(204);
    is_over(&sessions[2]).await;
    is_over(&sessions[3]).await;
    here.get(PROFILE).await.expect(200);

    let login = |password: &str| json!({"email": "john@example.com", "password": password});
    let client = world.server.client();
    let old = client.post("/api/auth/login", &login(PASSWORD)).await;
    old.expect_problem(401, "invalid_credentials");
    let new = client
        .post("/api/auth/login", &login("AnotherPass@123"))
        .await;
    let new = caller(&world.server, &new.expect(200).body);
    new.post("/api/auth/logout-everywhere", &json!({}))
        .await
        .expect(204);
    is_over(&sessions[1]).await;
    new.get(PROFILE).await.expect_problem(401, "invalid_token");
}

const NEW_SECRET: &str = "another-secret-that-is-long-enough-for-tests";

/// The token of the admin, who signs in at `server`.
async fn admin_token(server: &Server) -> String {
    let body = json!({"email": "admin@example.com", "password": PASSWORD});
    let answer = server.client().post("/api/auth/login", &body).await;
    answer.expect(200).body["token"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// The id of the secret that signed a token.
fn secret_of(token: &str) -> Option<String> {
    jsonwebtoken::decode_header(token).unwrap().kid
}

#[tokio::test]
async fn keys_rotate_over_running_instances_without_signing_anybody_out() {
    let world = World::new().await;
    let appended = format!("{JWT_SECRET},{NEW_SECRET}");
    let in_front = format!("{NEW_SECRET},{JWT_SECRET}");
    let start = async |secrets: &str| {
        let variables = [("JWT_SECRET", secrets)];
        Server::start(&world.databases, &variables).await
    };
    let behind = start(&appended).await;
    let ahead = start(&in_front).await;
    // Each signs with its first secret, and believes what the other signed.
    let (old, new) = (admin_token(&behind).await, admin_token(&ahead).await);
    assert_eq!(secret_of(&old), secret_of(world.admin.client.token()));
    assert_ne!(secret_of(&old), secret_of(&new));
    for server in [&behind, &ahead] {
        for token in [&old, &new] {
            let client = server.client().with_token(token);
            client.get(PROFILE).await.expect(200);
        }
    }
    // At last the old secret goes, and with it what it signed.
    let last = start(NEW_SECRET).await;
    let client = last.client();
    client.with_token(&new).get(PROFILE).await.expect(200);
    let answer = client.with_token(&old).get(PROFILE).await;
    answer.expect_problem(401, "invalid_token");
    // Not so on those that still have it.
    let client = ahead.client();
    client.with_token(&old).get(PROFILE).await.expect(200);
}

#[tokio::test]
async fn refresh_tokens_know_no_key() {
    let mut world = World::new().await;
    let tokens = world.login("admin").await;
    let old = tokens["token"].as_str().unwrap();
    world.server.kill().await;
    world.server = Server::start(&world.databases, &[("JWT_SECRET", NEW_SECRET)]).await;
    let client = world.server.client();
    let answer = client.with_token(old).get(PROFILE).await;
    answer.expect_problem(401, "invalid_token");
    let tokens = refresh(&client, &tokens["refreshToken"]).await.expect(200);
    let new = tokens.body["token"].as_str().unwrap();
    client.with_token(new).get(PROFILE).await.expect(200);
}
