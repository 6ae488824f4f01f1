//! The request bodies of the API's first description, byte for byte; where its print had a missing or
//! stray comma, that is mended.

use tests::World;

const CREATE_ADMIN: &str = r#"{
"name": "Admin",
"email": "admin@example.com",
"password": "admin@1234"
}"#;
const CREATE_USER: &str = r#"{
"name": "John Doe",
"email": "john@example.com",
"password": "SecurePass@123"
}"#;
const LOGIN: &str = r#"{
"email": "john@example.com",
"password": "SecurePass@123"
}"#;
const CREATE_EVENT: &str = r#"{
"title": "Tech Conference 2024",
"description": "Annual technology conference",
"date": "2024-12-31T10:00:00Z",
"location": "Convention Center, NYC",
"totalTickets": 500,
"metadata": {
"speakers": ["John Doe", "Jane Smith"],
"tags": ["tech", "innovation"]
}
}"#;
const UPDATE_EVENT: &str = r#"{
"title": "Tech Conference 2024",
"description": "Annual technology conference - 2024"
}"#;
const CREATE_BOOKING: &str = r#"{
"eventId": "507f1f77bcf86cd799439011"
}"#;

#[tokio::test]
async fn they_all_work() {
    let world = World::new().await;
    let (client, admin) = (world.server.client(), &world.admin.client);
    client
        .post_text("/api/auth/create-user", CREATE_USER)
        .await
        .expect(201);
    let login = client.post_text("/api/auth/login", LOGIN).await.expect(200);
    let john = client.with_token(login.body["token"].as_str().unwrap());
    // The admin's address is taken by the harness's own first admin.
    let other = CREATE_ADMIN.replace("admin@example.com", "second@example.com");
    admin
        .post_text("/api/auth/create-admin", CREATE_ADMIN)
        .await
        .expect_problem(409, "email_taken");
    admin
        .post_text("/api/auth/create-admin", other)
        .await
        .expect(201);

    let event = admin
        .post_text("/api/events/create-event", CREATE_EVENT)
        .await
        .expect(201);
    assert_eq!(event.body["metadata"]["speakers"][1], "Jane Smith");
    let path = format!("/api/events/{}/update-event", event.id());
    let updated = admin.put_text(&path, UPDATE_EVENT).await.expect(200);
    assert_eq!(
        updated.body["description"],
        "Annual technology conference - 2024"
    );
    john.get("/api/events/paginate?page=1&limit=10")
        .await
        .expect(200);

    // The event of the print is not there, and the one that was made is over since 2024.
    let booking = john
        .post_text("/api/bookings/create-booking", CREATE_BOOKING)
        .await;
    booking.expect_problem(404, "event_not_found");
    let real = |id: &str| CREATE_BOOKING.replace("507f1f77bcf86cd799439011", id);
    let over = john
        .post_text("/api/bookings/create-booking", real(&event.id()))
        .await;
    over.expect_problem(409, "event_ended");
    let open = world.event(5).await;
    let booking = john
        .post_text("/api/bookings/create-booking", real(&open))
        .await
        .expect(201);
    let path = format!("/api/bookings/{}/cancel-booking", booking.number());
    john.delete(&path).await.expect(200);
    john.get("/api/bookings/my-bookings/paginate?page=1&limit=10")
        .await
        .expect(200);
}
