//! Who guesses passwords is slowed, on every instance and over restarts; the owner is not locked out.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tests::{Answer, Client, PASSWORD, World};

/// A proxy in front says where a caller comes from.
const PROXY: (&str, &str) = ("TRUSTED_PROXIES", "127.0.0.0/8");
const OWNER: &str = "192.0.2.1";

async fn login(client: &Client, name: &str, password: &str, from: &str) -> Answer {
    let body = json!({"email": format!("{name}@example.com"), "password": password});
    let request = client
        .request(Method::POST, "/api/auth/login")
        .json(&body)
        .header("X-Forwarded-For", from);
    client.send(request).await
}

/// One of two addresses that guesses come from.
fn strange(n: usize) -> String {
    format!("203.0.113.{}", n % 2)
}

async fn guess(client: &Client, name: &str, n: usize) -> Answer {
    login(client, name, "wrong-password", &strange(n)).await
}

/// Guesses until a guess is slowed; how many were not, and the answer.
async fn until_slowed(client: &Client, name: &str) -> (usize, Answer) {
    for n in 0..60 {
        let answer = guess(client, name, n).await;
        if answer.status != 429 {
            answer.expect_problem(401, "invalid_credentials");
            continue;
        }
        return (n, answer.expect_problem(429, "rate_limited"));
    }
    panic!("{name}: nobody is slowed")
}

/// How long a slowed guess is to wait.
fn wait(slowed: &Answer) -> Duration {
    let seconds: u64 = slowed.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn guesses_are_slowed_on_every_instance_and_after_a_restart() {
    let mut world = World::with(&[PROXY]).await;
    let other = world.server.another().await;
    world.user("john").await;
    let client = world.server.client();
    let (free, _) = until_slowed(&client, "john").await;
    assert!(free >= 5, "{free}");
    // On the other instance the free guesses are used up, and over a restart. So many that whatever was
    // waited for in between, a guess without waiting is refused.
    for client in [other.client(), client] {
        let (more, _) = until_slowed(&client, "john").await;
        assert!(more < 5, "{more}");
    }
    world.restart().await;
    let (more, slowed) = until_slowed(&world.server.client(), "john").await;
    assert!(more < 5, "{more}");
    // After the wait the right password is let in.
    tokio::time::sleep(wait(&slowed)).await;
    let owner = login(&world.server.client(), "john", PASSWORD, &strange(more)).await;
    owner.expect(200);
}

#[tokio::test]
async fn an_owner_from_somewhere_new_has_a_turn_whatever_strangers_do() {
    let world = World::with(&[PROXY]).await;
    world.user("john").await;
    let client = world.server.client();
    for _ in 0..3 {
        until_slowed(&client, "john").await;
    }
    login(&client, "john", PASSWORD, OWNER).await.expect(200);
}

#[tokio::test]
async fn nobody_learns_from_it_whether_there_is_an_account() {
    let world = World::with(&[PROXY]).await;
    world.user("john").await;
    let client = world.server.client();
    let mut problems = Vec::new();
    for name in ["john", "nobody"] {
        let (free, mut slowed) = until_slowed(&client, name).await;
        assert!(free >= 5, "{name}: {free}");
        slowed.body.as_object_mut().unwrap().remove("requestId");
        problems.push(slowed.body);
    }
    assert_eq!(problems[0], problems[1]);
}

#[tokio::test]
async fn the_owner_signs_in_while_strangers_guess_without_end() {
    let world = World::with(&[PROXY]).await;
    world.user("john").await;
    let client = world.server.client();
    login(&client, "john", PASSWORD, OWNER).await.expect(200);
    for _ in 0..3 {
        until_slowed(&client, "john").await;
        login(&client, "john", PASSWORD, OWNER).await.expect(200);
    }
    // One address with many accounts is slowed as well, and not where the owner is known.
    let mut slowed = false;
    for n in 0..60 {
        let answer = login(&client, &format!("user{n}"), "wrong-password", OWNER).await;
        slowed |= answer.status == 429;
    }
    assert!(slowed, "an address may guess without end");
    login(&client, "john", PASSWORD, OWNER).await.expect(200);
}

#[tokio::test]
async fn the_present_password_is_not_guessed_either() {
    let world = World::with(&[PROXY]).await;
    let john = world.user("john").await;
    let body = json!({"currentPassword": "wrong-password", "newPassword": PASSWORD});
    let mut slowed = false;
    for _ in 0..60 {
        let answer = john.client.put("/api/auth/change-password", &body).await;
        if answer.status == 429 {
            answer.expect_problem(429, "rate_limited");
            slowed = true;
            break;
        }
        answer.expect_problem(401, "invalid_credentials");
    }
    assert!(slowed, "the present password may be guessed without end");
}
