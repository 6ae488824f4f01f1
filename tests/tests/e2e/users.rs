//! Users as admins deal with them, roles, and the end of an account.

use std::time::Duration;

use serde_json::json;
use tests::{Client, PASSWORD, World};

const PROFILE: &str = "/api/auth/user-profile";
/// How long an instance may go on believing in what ended elsewhere.
const BOUND: Duration = Duration::from_secs(5);

async fn set_role(client: &Client, user: i64, role: &str) -> tests::Answer {
    let path = format!("/api/users/{user}/set-role");
    client.put(&path, &json!({ "role": role })).await
}

async fn delete(client: &Client, user: i64) -> tests::Answer {
    client
        .delete(&format!("/api/users/{user}/delete-user"))
        .await
}

/// Waits until `client` is answered so, at most as long as is promised.
async fn soon(client: &Client, path: &str, status: u16) {
    let seen = tests::until_true("it is seen", async || {
        client.get(path).await.status == status
    });
    let in_time = tokio::time::timeout(BOUND, seen).await;
    assert!(in_time.is_ok(), "{path} is not {status} in time");
}

#[tokio::test]
async fn admins_list_users_and_look_for_them() {
    let world = World::new().await;
    let (john, jane) = (world.user("john").await, world.user("jane").await);
    set_role(&world.admin.client, jane.id, "staff")
        .await
        .expect(200);
    for (query, expected) in [
        ("", vec![world.admin.id, john.id, jane.id]),
        ("?q=JOHN", vec![john.id]),
        ("?q=ja+example.com", vec![jane.id]),
        ("?role=staff", vec![jane.id]),
        ("?q=example&role=admin", vec![world.admin.id]),
        ("?q=%25", vec![]),
        ("?page=2&limit=2", vec![jane.id]),
    ] {
        let path = format!("/api/users/paginate{query}");
        let page = world.admin.client.get(&path).await.expect(200).body;
        let ids: Vec<i64> = page["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|user| user["id"].as_i64().unwrap())
            .collect();
        assert_eq!(ids, expected, "{query}");
    }
    let answer = john.client.get("/api/users/paginate").await;
    answer.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_role_counts_on_every_instance_soon() {
    let world = World::new().await;
    let other = world.server.another().await;
    let john = world.user("john").await;
    let there = john.at(&other).client;
    let mine = "/api/bookings/my-bookings/paginate";
    there.get(mine).await.expect(200);

    let changed = set_role(&world.admin.client, john.id, "staff")
        .await
        .expect(200);
    assert_eq!(changed.body["role"], "staff");
    // Where it was done, at once: staff reads events, and has no bookings.
    john.client.get("/api/events/paginate").await.expect(200);
    john.client.get(mine).await.expect_problem(403, "forbidden");
    let event = world.event(5).await;
    john.client
        .book(&event, 1)
        .await
        .expect_problem(403, "forbidden");
    john.client.cancel(1).await.expect_problem(403, "forbidden");
    soon(&there, mine, 403).await;

    set_role(&world.admin.client, john.id, "admin")
        .await
        .expect(200);
    john.client.get("/api/users/paginate").await.expect(200);
    soon(&there, "/api/users/paginate", 200).await;
    set_role(&world.admin.client, john.id, "user")
        .await
        .expect(200);
    let answer = john.client.get("/api/users/paginate").await;
    answer.expect_problem(403, "forbidden");
    soon(&there, "/api/users/paginate", 403).await;
}

#[tokio::test]
async fn a_deleted_account_leaves_its_bookings_and_nothing_personal() {
    let world = World::new().await;
    let other = world.server.another().await;
    let john = world.user("john").await;
    let event = world.event(5).await;
    let booking = john
        .client
        .book_with_key(&event, 2, "key")
        .await
        .expect(201);
    let there = john.at(&other).client;
    there.get(PROFILE).await.expect(200);

    john.client
        .delete("/api/auth/delete-account")
        .await
        .expect(204);
    john.client
        .get(PROFILE)
        .await
        .expect_problem(401, "invalid_token");
    soon(&there, PROFILE, 401).await;
    let login = json!({"email": "john@example.com", "password": PASSWORD});
    let answer = world.server.client().post("/api/auth/login", &login).await;
    answer.expect_problem(401, "invalid_credentials");

    let inspector = world.inspect().await;
    let texts = inspector.user_texts(john.id).await;
    assert!(texts.iter().all(|text| !text.contains("john")), "{texts:?}");
    assert_eq!(texts[3], "");
    let (_, rows) = inspector.until_whole(&event).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].id, rows[0].status.as_str()),
        (booking.number(), "confirmed")
    );
    // The address is free; who takes it is somebody else.
    let again = world.user("john").await;
    assert_ne!(again.id, john.id);
    let mine = again.client.get("/api/bookings/my-bookings/paginate").await;
    assert_eq!(mine.expect(200).body["data"], json!([]));
    // Admins delete others, once.
    delete(&world.admin.client, again.id).await.expect(204);
    again
        .client
        .get(PROFILE)
        .await
        .expect_problem(401, "invalid_token");
    let answer = delete(&world.admin.client, again.id).await;
    answer.expect_problem(404, "user_not_found");
    world
        .admin
        .client
        .cancel(booking.number())
        .await
        .expect(200);
}

#[tokio::test]
async fn the_last_admin_can_be_neither_demoted_nor_deleted() {
    let world = World::new().await;
    let admin = &world.admin;
    let john = world.user("john").await;
    for role in ["user", "staff"] {
        let answer = set_role(&admin.client, admin.id, role).await;
        answer.expect_problem(409, "last_admin");
    }
    let answer = delete(&admin.client, admin.id).await;
    answer.expect_problem(409, "last_admin");
    let answer = admin.client.delete("/api/auth/delete-account").await;
    answer.expect_problem(409, "last_admin");
    set_role(&admin.client, john.id, "admin").await.expect(200);
    admin
        .client
        .delete("/api/auth/delete-account")
        .await
        .expect(204);
    let answer = john.client.delete("/api/auth/delete-account").await;
    answer.expect_problem(409, "last_admin");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_admins_who_demote_each_other_at_once_one_stays() {
    let world = World::new().await;
    let other = world.server.another().await;
    let mut admin = world.admin.clone();
    let mut rival = world.user("rival").await.at(&other);
    for _ in 0..5 {
        set_role(&admin.client, rival.id, "admin").await.expect(200);
        soon(&rival.client, "/api/users/paginate", 200).await;
        let (first, second) = tokio::join!(
            set_role(&admin.client, rival.id, "user"),
            set_role(&rival.client, admin.id, "user"),
        );
        let refused = match (first.status, second.status) {
            (200, _) => second,
            (_, 200) => {
                std::mem::swap(&mut admin, &mut rival);
                first
            }
            both => panic!("{both:?}: {} {}", first.text, second.text),
        };
        // Refused by the store, or at the door: what the other did may be known already.
        assert!(matches!(refused.status, 403 | 409), "{}", refused.text);
        let path = "/api/users/paginate?role=admin";
        let admins = admin.client.get(path).await.expect(200).body;
        assert_eq!(admins["pagination"]["total"], 1);
        assert_eq!(admins["data"][0]["id"], admin.id);
    }
}
