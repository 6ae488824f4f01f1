//! Every request that changes something is done once under its key, whatever it changes.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use tests::{Answer, Client, World};

/// A request with a key.
fn keyed(client: &Client, method: Method, path: &str, body: &Value, key: &str) -> RequestBuilder {
    let request = client.request(method, path).header("Idempotency-Key", key);
    match body {
        Value::Null => request,
        body => request.json(body),
    }
}

async fn send(client: &Client, method: Method, path: &str, body: &Value, key: &str) -> Answer {
    client.send(keyed(client, method, path, body, key)).await
}

fn concert(title: &str) -> Value {
    json!({
        "title": title, "description": "", "date": "2999-01-01T00:00:00Z", "location": "Hall",
        "totalTickets": 50, "metadata": {"z": 1, "a": [1.5, {"b": null}]},
    })
}

/// Sends it twice more; both times the first answer comes, and says that it is one.
async fn is_replayed(client: &Client, method: Method, path: &str, body: &Value, first: &Answer) {
    let key = format!("key of {path}").replace(' ', "-");
    for _ in 0..2 {
        let again = send(client, method.clone(), path, body, &key).await;
        assert_eq!(
            (again.status, &again.text),
            (first.status, &first.text),
            "{path}"
        );
        assert_eq!(again.header("etag"), first.header("etag"), "{path}");
        assert_eq!(again.header("location"), first.header("location"), "{path}");
        assert_eq!(again.header("idempotent-replayed"), Some("true"), "{path}");
    }
}

async fn first(client: &Client, method: Method, path: &str, body: &Value, status: u16) -> Answer {
    let key = format!("key of {path}").replace(' ', "-");
    let first = send(client, method, path, body, &key).await.expect(status);
    assert_eq!(first.header("idempotent-replayed"), None, "{path}");
    first
}

#[tokio::test]
async fn each_change_is_made_once_and_answered_as_it_was() {
    let world = World::new().await;
    let (admin, john) = (&world.admin.client, world.user("john").await);

    let create = "/api/events/create-event";
    let created = first(admin, Method::POST, create, &concert("One"), 201).await;
    let event = created.id();
    let update = format!("/api/events/{event}/update-event");
    let change = json!({"totalTickets": 60});
    let updated = first(admin, Method::PUT, &update, &change, 200).await;
    // What happens afterwards changes none of the answers.
    let booking = john.client.book(&event, 3).await.expect(201).number();
    admin
        .put(&update, &json!({"title": "Two"}))
        .await
        .expect(200);
    is_replayed(admin, Method::POST, create, &concert("One"), &created).await;
    is_replayed(admin, Method::PUT, &update, &change, &updated).await;
    assert_eq!(admin.event(&event).await["title"], "Two");
    assert_eq!(admin.available(&event).await, 57);

    let cancel = format!("/api/bookings/{booking}/cancel-booking");
    let cancelled = first(&john.client, Method::DELETE, &cancel, &Value::Null, 200).await;
    is_replayed(
        &john.client,
        Method::DELETE,
        &cancel,
        &Value::Null,
        &cancelled,
    )
    .await;
    assert_eq!(admin.available(&event).await, 60);
    // Another key, or none, is another request.
    let other = send(&john.client, Method::DELETE, &cancel, &Value::Null, "other").await;
    other.expect_problem(409, "already_cancelled");

    let empty = world.event(5).await;
    let delete = format!("/api/events/{empty}/delete-event");
    let deleted = first(admin, Method::DELETE, &delete, &Value::Null, 204).await;
    is_replayed(admin, Method::DELETE, &delete, &Value::Null, &deleted).await;

    let jane = world.user("jane").await;
    let set_role = format!("/api/users/{}/set-role", jane.id);
    let staff = json!({"role": "staff"});
    let changed = first(admin, Method::PUT, &set_role, &staff, 200).await;
    admin
        .put(&set_role, &json!({"role": "user"}))
        .await
        .expect(200);
    is_replayed(admin, Method::PUT, &set_role, &staff, &changed).await;
    let delete_user = format!("/api/users/{}/delete-user", jane.id);
    let gone = first(admin, Method::DELETE, &delete_user, &Value::Null, 204).await;
    is_replayed(admin, Method::DELETE, &delete_user, &Value::Null, &gone).await;
}

#[tokio::test]
async fn one_key_is_one_request_whatever_it_was_used_for_first() {
    let world = World::new().await;
    let (admin, event) = (&world.admin.client, world.event(10).await);
    let user = world.user("john").await.id;
    let booking = admin.book(&event, 1).await.expect(201).number();
    let other = admin.book(&event, 1).await.expect(201).number();
    let requests = [
        (
            Method::POST,
            "/api/events/create-event".to_owned(),
            concert("One"),
            201,
        ),
        (
            Method::PUT,
            format!("/api/events/{event}/update-event"),
            json!({"title": "A"}),
            200,
        ),
        (
            Method::POST,
            "/api/bookings/create-booking".to_owned(),
            json!({"eventId": event}),
            201,
        ),
        (
            Method::DELETE,
            format!("/api/bookings/{booking}/cancel-booking"),
            Value::Null,
            200,
        ),
        (
            Method::DELETE,
            format!("/api/bookings/{other}/cancel-booking"),
            Value::Null,
            200,
        ),
        (
            Method::PUT,
            format!("/api/users/{user}/set-role"),
            json!({"role": "staff"}),
            200,
        ),
        (
            Method::PUT,
            format!("/api/users/{user}/set-role"),
            json!({"role": "user"}),
            200,
        ),
    ];
    for (n, (method, path, body, status)) in requests.iter().enumerate() {
        let key = format!("key-{n}");
        send(admin, method.clone(), path, body, &key)
            .await
            .expect(*status);
        for (m, (method, path, body, _)) in requests.iter().enumerate() {
            if m != n {
                let answer = send(admin, method.clone(), path, body, &key).await;
                answer.expect_problem(422, "idempotency_mismatch");
            }
        }
    }
}

#[tokio::test]
async fn what_is_refused_leaves_its_key_free() {
    let world = World::new().await;
    let (admin, event) = (&world.admin.client, world.event(10).await);
    let update = format!("/api/events/{event}/update-event");
    admin.book(&event, 5).await.expect(201);
    let small = send(
        admin,
        Method::PUT,
        &update,
        &json!({"totalTickets": 2}),
        "key",
    )
    .await;
    small.expect_problem(409, "capacity_below_sold");
    let outdated = keyed(admin, Method::PUT, &update, &json!({"title": "A"}), "key");
    let outdated = admin.send(outdated.header("If-Match", "\"9.0\"")).await;
    outdated.expect_problem(412, "precondition_failed");
    let delete = format!("/api/events/{event}/delete-event");
    let kept = send(admin, Method::DELETE, &delete, &Value::Null, "key").await;
    kept.expect_problem(409, "event_has_bookings");
    let last = format!("/api/users/{}/set-role", world.admin.id);
    let last = send(admin, Method::PUT, &last, &json!({"role": "user"}), "key").await;
    last.expect_problem(409, "last_admin");
    send(admin, Method::PUT, &update, &json!({"title": "B"}), "key")
        .await
        .expect(200);
}

#[tokio::test]
async fn a_retry_does_not_fail_on_the_condition_that_the_first_request_met() {
    let world = World::new().await;
    let (admin, event) = (&world.admin.client, world.event(10).await);
    let update = format!("/api/events/{event}/update-event");
    let mut texts = Vec::new();
    for _ in 0..2 {
        let request = keyed(admin, Method::PUT, &update, &json!({"title": "A"}), "key");
        let answer = admin.send(request.header("If-Match", "\"1.0\"")).await;
        texts.push(answer.expect(200).text);
    }
    assert_eq!(texts[0], texts[1]);
}

#[tokio::test]
async fn many_at_once_on_two_instances_are_one_change() {
    let world = World::new().await;
    let second = world.server.another().await;
    let callers = [&world.admin.client, &world.admin.client.at(second.base())];
    let event = world.event(20).await;
    let booking = world
        .admin
        .client
        .book(&event, 2)
        .await
        .expect(201)
        .number();
    let requests = [
        (
            Method::POST,
            "/api/events/create-event".to_owned(),
            concert("One"),
            201,
        ),
        (
            Method::PUT,
            format!("/api/events/{event}/update-event"),
            json!({"title": "A"}),
            200,
        ),
        (
            Method::DELETE,
            format!("/api/bookings/{booking}/cancel-booking"),
            Value::Null,
            200,
        ),
        (
            Method::DELETE,
            format!("/api/events/{}/delete-event", world.event(3).await),
            Value::Null,
            204,
        ),
    ];
    for (n, (method, path, body, status)) in requests.iter().enumerate() {
        let key = format!("key-{n}");
        let calls = (0..8).map(|m| send(callers[m % 2], method.clone(), path, body, &key));
        let answers = join_all(calls).await;
        let (done, refused): (Vec<_>, Vec<_>) = answers
            .into_iter()
            .partition(|answer| answer.status == *status);
        assert!(
            done.iter().all(|answer| answer.text == done[0].text),
            "{path}"
        );
        let first = done
            .iter()
            .filter(|a| a.header("idempotent-replayed").is_none());
        assert_eq!(first.count(), 1, "{path}");
        for answer in refused {
            answer.expect_problem(409, "idempotency_in_progress");
        }
    }
    assert_eq!(callers[0].available(&event).await, 20);
    let revision = callers[0]
        .get(&format!("/api/events/{event}/fetchById"))
        .await;
    assert!(
        revision.header("etag").unwrap().starts_with("\"2."),
        "edited once"
    );
}

#[tokio::test]
async fn after_a_crash_at_any_point_a_retry_makes_each_change_once() {
    let mut world = World::new().await;
    let event = world.event(50).await;
    let update = format!("/api/events/{event}/update-event");
    let (mut edits, mut created) = (1, Vec::new());
    for round in 0..4_u64 {
        let client = world.admin.client.clone();
        let requests: Vec<(Method, String, Value, String)> = (0..8)
            .flat_map(|n| {
                let name = format!("{round}-{n}");
                let create = "/api/events/create-event".to_owned();
                [
                    (
                        Method::PUT,
                        update.clone(),
                        json!({"title": name}),
                        format!("edit-{name}"),
                    ),
                    (Method::POST, create, concert(&name), format!("new-{name}")),
                ]
            })
            .collect();
        let calls: Vec<_> = requests
            .iter()
            .map(|(method, path, body, key)| keyed(&client, method.clone(), path, body, key))
            .collect();
        let calls = tokio::spawn({
            let client = client.clone();
            async move { join_all(calls.into_iter().map(|call| client.try_send(call))).await }
        });
        // Not long enough for all of them, a little longer each time.
        tokio::time::sleep(Duration::from_millis(2 + round * 6)).await;
        world.restart().await;
        let before = calls.await.unwrap();
        for ((method, path, body, key), before) in requests.iter().zip(&before) {
            let (client, done) = (
                &world.admin.client,
                if *method == Method::PUT { 200 } else { 201 },
            );
            let retry = tests::until("the retry is answered", async || {
                let answer = send(client, method.clone(), path, body, key).await;
                (answer.status == done).then_some(answer)
            });
            let retry = retry.await;
            if let Some(before) = before.as_ref().filter(|before| before.status == done) {
                assert_eq!(before.text, retry.text);
            }
            match done {
                200 => edits += 1,
                _ => created.push(retry.id()),
            }
        }
    }
    let client = &world.admin.client;
    let found = client.get(&format!("/api/events/{event}/fetchById")).await;
    let tag = format!("\"{edits}.");
    assert!(
        found.header("etag").unwrap().starts_with(&tag),
        "{tag}: {:?}",
        found.header("etag")
    );
    created.sort();
    created.dedup();
    assert_eq!(created.len(), 32);
    let page = client.get("/api/events/paginate?limit=1").await.expect(200);
    assert_eq!(page.body["pagination"]["total"], 33);
}
