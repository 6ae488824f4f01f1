//! `create-admin` is never a way in.

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use tests::{Client, Databases, SETUP_TOKEN, Server, World};

const PATH: &str = "/api/auth/create-admin";

fn request(client: &Client, name: &str) -> RequestBuilder {
    let email = format!("{name}@example.com");
    client
        .request(Method::POST, PATH)
        .json(&json!({"name": name, "email": email, "password": "admin@1234"}))
}

#[tokio::test]
async fn an_admin_makes_admins_and_nobody_else_does() {
    let world = World::new().await;
    let admin = &world.admin.client;
    let made = admin.send(request(admin, "second")).await.expect(201);
    assert_eq!(made.body["role"], "admin");
    let john = world.user("john").await.client;
    john.send(request(&john, "third"))
        .await
        .expect_problem(403, "forbidden");
    let nobody = world.server.client();
    nobody
        .send(request(&nobody, "third"))
        .await
        .expect_problem(403, "forbidden");
    // There is an admin now: the setup token opens nothing any more.
    let with_token = request(&nobody, "third").header("X-Setup-Token", SETUP_TOKEN);
    nobody
        .send(with_token)
        .await
        .expect_problem(403, "forbidden");
    let body =
        json!({"name": "x", "email": "x@example.com", "password": "admin@1234", "role": "admin"});
    let answer = nobody
        .post("/api/auth/create-user", &body)
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(answer.fields(), ["role"]);
    let answer = admin
        .post(PATH, &body)
        .await
        .expect_problem(422, "validation_failed");
    assert_eq!(answer.fields(), ["role"]);
}

#[tokio::test]
async fn the_first_admin_needs_the_setup_token_unless_embedded_and_on_loopback() {
    let databases = Databases::new().await;
    let server = Server::start(&databases, &[]).await;
    let client = server.client();
    let wrong = request(&client, "first").header("X-Setup-Token", "not-the-token");
    let answer = client.send(wrong).await;
    if Databases::are_embedded() {
        // From loopback the token is not asked for.
        answer.expect(201);
    } else {
        answer.expect_problem(403, "forbidden");
        client
            .send(request(&client, "first"))
            .await
            .expect_problem(403, "forbidden");
        client
            .send(request(&client, "first").header("X-Setup-Token", SETUP_TOKEN))
            .await
            .expect(201);
    }
    client
        .send(request(&client, "second").header("X-Setup-Token", SETUP_TOKEN))
        .await
        .expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_proxy_in_between_is_no_loopback() {
    let databases = Databases::new().await;
    let server = Server::start(&databases, &[("ADMIN_SETUP_TOKEN", "")]).await;
    let client = server.client();
    for (name, value) in [
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Host", "example.com"),
        ("X-Forwarded-Proto", "https"),
        ("Forwarded", "for=192.0.2.1"),
        ("Via", "1.1 proxy"),
    ] {
        let forwarded = request(&client, "first").header(name, value);
        client
            .send(forwarded)
            .await
            .expect_problem(403, "forbidden");
    }
    // An empty token is no token.
    let empty = request(&client, "first").header("X-Setup-Token", "");
    let answer = client.send(empty).await;
    assert_eq!(
        answer.status,
        if Databases::are_embedded() { 201 } else { 403 }
    );
}

#[tokio::test]
async fn a_server_that_listens_beyond_loopback_trusts_no_loopback() {
    let databases = Databases::new().await;
    let variables = [("ADMIN_SETUP_TOKEN", ""), ("HOST", "0.0.0.0")];
    let server = Server::start(&databases, &variables).await;
    let client = server
        .client()
        .at(&server.base().replace("0.0.0.0", "127.0.0.1"));
    client
        .send(request(&client, "first"))
        .await
        .expect_problem(403, "forbidden");
}

#[tokio::test]
async fn of_many_first_admins_at_once_one_wins() {
    for _ in 0..3 {
        let databases = Databases::new().await;
        let first = Server::start(&databases, &[]).await;
        let second = first.another().await;
        let clients = [first.client(), second.client()];
        let calls = (0..12).map(|n| {
            let client = &clients[n % 2];
            let request =
                request(client, &format!("admin-{n}")).header("X-Setup-Token", SETUP_TOKEN);
            client.send(request)
        });
        let answers = join_all(calls).await;
        assert_eq!(
            answers.iter().filter(|answer| answer.status == 201).count(),
            1
        );
        for answer in answers.into_iter().filter(|answer| answer.status != 201) {
            answer.expect_problem(403, "forbidden");
        }
        assert_eq!(tests::Inspector::open(&databases).await.users().await, 1);
    }
}
