//! From first admin to cancelled booking.

use serde_json::json;
use tests::World;

#[tokio::test]
async fn from_first_admin_to_cancelled_booking() {
    let world = World::new().await;
    let event = world.event(500).await;
    let john = world.user("john").await;

    let booking = john.client.book(&event, 2).await.expect(201);
    assert_eq!(booking.body["status"], "confirmed");
    assert_eq!(world.admin.client.available(&event).await, 498);

    let mine = john
        .client
        .get("/api/bookings/my-bookings/paginate?page=1&limit=10")
        .await
        .expect(200);
    assert_eq!(mine.body["data"][0]["id"], booking.number());
    assert_eq!(mine.body["data"][0]["event"]["title"], "Tech Conference");

    let cancelled = john.client.cancel(booking.number()).await.expect(200);
    assert_eq!(cancelled.body["status"], "cancelled");
    // The tickets are back by the time of the answer, without waiting for anything in the background.
    assert_eq!(world.admin.client.available(&event).await, 500);
    john.client
        .cancel(booking.number())
        .await
        .expect_problem(409, "already_cancelled");
    world.inspect().await.until_whole(&event).await;
}

#[tokio::test]
async fn without_a_quantity_one_ticket_is_booked() {
    let world = World::new().await;
    let event = world.event(5).await;
    let body = json!({"eventId": event});
    let answer = world
        .admin
        .client
        .post("/api/bookings/create-booking", &body)
        .await
        .expect(201);
    assert_eq!(answer.body["quantity"], 1);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let world = World::new().await;
    let event = world.event(100).await;
    let john = world.user("john").await;
    for _ in 0..5 {
        john.client.book(&event, 1).await.expect(201);
    }
    let page = john
        .client
        .get("/api/bookings/my-bookings/paginate?page=2&limit=2")
        .await
        .expect(200);
    let pagination = json!({"page": 2, "limit": 2, "total": 5, "totalPages": 3});
    assert_eq!(page.body["pagination"], pagination);
    let ids: Vec<_> = page.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["id"].as_i64())
        .collect();
    assert_eq!(ids.len(), 2);
    assert!(ids[0] > ids[1], "newest first: {ids:?}");
    let beyond = john
        .client
        .get("/api/bookings/my-bookings/paginate?page=9")
        .await
        .expect(200);
    assert_eq!(beyond.body["data"], json!([]));

    for (title, date) in [
        ("later", "2031-01-01T00:00:00Z"),
        ("sooner", "2030-01-01T00:00:00+02:00"),
    ] {
        let body = json!({"title": title, "description": "d", "date": date, "location": "l", "totalTickets": 1});
        world.create_event(&body).await.expect(201);
    }
    let page = john.client.get("/api/events/paginate").await.expect(200);
    let titles: Vec<_> = page.body["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| e["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["sooner", "later", "Tech Conference"]);
    assert_eq!(page.body["pagination"]["limit"], 10);
}

#[tokio::test]
async fn bookings_of_others_do_not_exist() {
    let world = World::new().await;
    let event = world.event(5).await;
    let (john, jane) = (world.user("john").await, world.user("jane").await);
    let booking = john.client.book(&event, 1).await.expect(201).number();
    jane.client
        .cancel(booking)
        .await
        .expect_problem(404, "booking_not_found");
    let none = jane
        .client
        .get("/api/bookings/my-bookings/paginate")
        .await
        .expect(200);
    assert_eq!(none.body["data"], json!([]));
    // An admin cancels for anybody.
    world.admin.client.cancel(booking).await.expect(200);
}
