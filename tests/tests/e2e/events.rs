//! Changing and removing events.

use futures_util::future::join_all;
use serde_json::json;
use tests::World;

fn update_path(event: &str) -> String {
    format!("/api/events/{event}/update-event")
}

fn delete_path(event: &str) -> String {
    format!("/api/events/{event}/delete-event")
}

#[tokio::test]
async fn a_change_of_capacity_moves_what_is_available() {
    let world = World::new().await;
    let (admin, event) = (&world.admin.client, world.event(10).await);
    admin.book(&event, 4).await.expect(201);
    let more = admin
        .put(&update_path(&event), &json!({"totalTickets": 12}))
        .await
        .expect(200);
    assert_eq!(
        (&more.body["totalTickets"], &more.body["availableTickets"]),
        (&json!(12), &json!(8))
    );
    let less = admin
        .put(&update_path(&event), &json!({"totalTickets": 4}))
        .await
        .expect(200);
    assert_eq!(less.body["availableTickets"], 0);
    let below = admin
        .put(
            &update_path(&event),
            &json!({"totalTickets": 3, "title": "New"}),
        )
        .await;
    below.expect_problem(409, "capacity_below_sold");
    assert_eq!(admin.event(&event).await["title"], "Tech Conference");
    world
        .server
        .client()
        .with_token(admin.token())
        .book(&event, 1)
        .await
        .expect_problem(409, "sold_out");
    world.inspect().await.until_whole(&event).await;
}

#[tokio::test]
async fn capacity_changes_and_bookings_at_once_stay_exact() {
    let world = World::new().await;
    let (admin, event) = (&world.admin.client, world.event(30).await);
    let bookings = async { join_all((0..40).map(|_| admin.book(&event, 1))).await };
    let path = update_path(&event);
    let changes = async {
        for total in [40, 25, 35, 20, 30] {
            let answer = admin.put(&path, &json!({"totalTickets": total})).await;
            assert!(matches!(answer.status, 200 | 409), "{}", answer.text);
        }
    };
    let (answers, ()) = futures_util::future::join(bookings, changes).await;
    let booked = answers.iter().filter(|answer| answer.status == 201).count();
    let (stock, rows) = world.inspect().await.until_whole(&event).await;
    assert_eq!(
        rows.iter().filter(|row| row.status == "confirmed").count(),
        booked
    );
    assert_eq!(
        stock.total - stock.available,
        i64::try_from(booked).unwrap()
    );
}

#[tokio::test]
async fn an_update_replaces_what_it_names_and_nothing_else() {
    let world = World::new().await;
    let (admin, event) = (&world.admin.client, world.event(10).await);
    admin
        .put(&update_path(&event), &json!({}))
        .await
        .expect_problem(422, "validation_failed");
    let change = json!({"metadata": {"$date".replace('$', "d"): "$title"}, "title": "$$NOW"});
    let changed = admin.put(&update_path(&event), &change).await.expect(200);
    assert_eq!(
        (&changed.body["title"], &changed.body["metadata"]),
        (&json!("$$NOW"), &json!({"ddate": "$title"}))
    );
    assert_eq!(changed.body["location"], "Convention Center, NYC");
    assert!(changed.body["updatedAt"].as_str() >= changed.body["createdAt"].as_str());
    let john = world.user("john").await;
    let denied = john
        .client
        .put(&update_path(&event), &json!({"title": "Mine"}))
        .await;
    denied.expect_problem(403, "forbidden");
}

#[tokio::test]
async fn a_booked_event_stays_and_an_unbooked_one_goes() {
    let world = World::new().await;
    let (admin, event) = (&world.admin.client, world.event(10).await);
    let booking = admin.book(&event, 1).await.expect(201).number();
    admin
        .delete(&delete_path(&event))
        .await
        .expect_problem(409, "event_has_bookings");
    // It is open again after the refusal.
    admin.book(&event, 1).await.expect(201);
    admin.cancel(booking).await.expect(200);
    admin
        .delete(&delete_path(&event))
        .await
        .expect_problem(409, "event_has_bookings");

    let unbooked = world.event(10).await;
    let john = world.user("john").await;
    john.client
        .delete(&delete_path(&unbooked))
        .await
        .expect_problem(403, "forbidden");
    let gone = admin.delete(&delete_path(&unbooked)).await.expect(204);
    assert_eq!(gone.text, "");
    admin
        .delete(&delete_path(&unbooked))
        .await
        .expect_problem(404, "event_not_found");
    admin
        .book(&unbooked, 1)
        .await
        .expect_problem(404, "event_not_found");
    admin
        .put(&update_path(&unbooked), &json!({"title": "x"}))
        .await
        .expect_problem(404, "event_not_found");
}

#[tokio::test]
async fn of_a_deletion_and_bookings_at_once_one_side_wins() {
    let world = World::new().await;
    let admin = &world.admin.client;
    for _ in 0..6 {
        let event = world.event(50).await;
        let bookings = async { join_all((0..6).map(|_| admin.book(&event, 1))).await };
        let path = delete_path(&event);
        let (answers, deletion) = futures_util::future::join(bookings, admin.delete(&path)).await;
        let booked = answers.iter().filter(|answer| answer.status == 201).count();
        assert!(
            answers
                .iter()
                .all(|answer| matches!(answer.status, 201 | 404 | 503)),
            "{answers:?}"
        );
        match deletion.status {
            204 => {
                assert_eq!(booked, 0);
                assert!(
                    world
                        .inspect()
                        .await
                        .bookings(&event)
                        .await
                        .iter()
                        .all(|row| row.status == "void")
                );
            }
            409 | 503 => {
                let (_, rows) = world.inspect().await.until_whole(&event).await;
                assert_eq!(
                    rows.iter().filter(|row| row.status == "confirmed").count(),
                    booked
                );
            }
            _ => panic!("{}", deletion.text),
        }
    }
}

#[tokio::test]
async fn from_its_date_on_an_event_cannot_be_booked() {
    let world = World::new().await;
    let body = json!({"title": "t", "description": "d", "date": "2020-01-01T00:00:00Z", "location": "l", "totalTickets": 5});
    let event = world.create_event(&body).await.expect(201).id();
    world
        .admin
        .client
        .book(&event, 1)
        .await
        .expect_problem(409, "event_ended");
}
