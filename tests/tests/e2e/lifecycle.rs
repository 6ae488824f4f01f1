//! Start, stop, and more than one process.

use std::process::Stdio;

use serde_json::json;
use tests::{Databases, Server, World};

#[tokio::test]
async fn an_idle_server_ends_at_once_and_starts_again_with_its_data() {
    let mut world = World::new().await;
    let event = world.event(5).await;
    world.server.terminate();
    assert!(world.server.ended().await.success());
    let server = world.server.another().await;
    let admin = world.admin.client.at(server.base());
    assert_eq!(admin.available(&event).await, 5);
}

#[tokio::test]
async fn an_admin_is_made_beside_a_running_server() {
    let world = World::new().await;
    let mut command = tokio::process::Command::new(tests::program());
    command
        .env_clear()
        .envs(world.databases.variables())
        .env("JWT_SECRET", tests::JWT_SECRET);
    command
        .env("BOXOFFICE_ADMIN_PASSWORD", "admin@1234")
        .env("BCRYPT_COST", "4");
    command.args([
        "create-admin",
        "--name",
        "Second",
        "--email",
        "second@example.com",
    ]);
    let output = command
        .stdin(Stdio::null())
        .current_dir(world.databases.folder())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let body = json!({"email": "second@example.com", "password": "admin@1234"});
    let login = world
        .server
        .client()
        .post("/api/auth/login", &body)
        .await
        .expect(200);
    assert_eq!(login.body["user"]["role"], "admin");
}

#[tokio::test]
async fn a_flood_is_slowed_with_429_and_told_when_to_come_back() {
    let databases = Databases::new().await;
    let variables = [
        ("RATE_LIMIT", "on"),
        ("AUTH_RATE_LIMIT_BURST", "5"),
        ("RATE_LIMIT_BURST", "1000"),
    ];
    let server = Server::start(&databases, &variables).await;
    let client = server.client();
    let body = json!({"email": "a@example.com", "password": "wrong-password"});
    let mut limited = 0;
    for _ in 0..12 {
        let answer = client.post("/api/auth/login", &body).await;
        match answer.status {
            401 => {}
            _ => {
                answer.expect_problem(429, "rate_limited");
                limited += 1;
            }
        }
    }
    assert!(limited >= 5, "{limited}");
    // Who floods the login can still read.
    client.get("/health/live").await.expect(200);
}
