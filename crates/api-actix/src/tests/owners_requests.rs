//! Every request body of the owner's description, as printed there; the stray comma of the
//! update is mended.

use domain::booking::BookingStatus;
use domain::idempotency::Done;

use super::harness::{
    ADMIN, ADMIN_IDENTITY, EVENT, Mocks, USER, USER_IDENTITY, booking, event, json, login, user,
};

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

fn everything_works() -> Mocks {
    let mut mocks = Mocks::new();
    let accounts = &mut mocks.accounts;
    let made = |_, _: &_| Ok(user(USER_IDENTITY));
    accounts.expect_register().returning(made);
    let admin = |_, _, _: &_| Ok(user(ADMIN_IDENTITY));
    accounts.expect_register_admin().returning(admin);
    let signed_in = |_, _, _: &_| Ok(login());
    mocks.sessions.expect_log_in().returning(signed_in);
    mocks
        .events
        .expect_create()
        .returning(|_, _, _, _| Ok(Done::now(event())));
    let changed = |_, _, _, _, _, _: &_| Ok(Done::now(event()));
    mocks.events.expect_update().returning(changed);
    mocks
        .bookings
        .expect_book()
        .returning(|_, _, _| Ok(Done::now(booking(BookingStatus::Confirmed))));
    mocks
}

#[actix_web::test]
async fn every_printed_body_works() {
    let api = everything_works().api();
    let update = format!("/api/events/{EVENT}/update-event");
    for (method, path, token, body, status) in [
        ("POST", "/api/auth/create-admin", ADMIN, CREATE_ADMIN, 201),
        ("POST", "/api/auth/create-user", USER, CREATE_USER, 201),
        ("POST", "/api/auth/login", USER, LOGIN, 200),
        ("POST", "/api/events/create-event", ADMIN, CREATE_EVENT, 201),
        ("PUT", &update, ADMIN, UPDATE_EVENT, 200),
        (
            "POST",
            "/api/bookings/create-booking",
            USER,
            CREATE_BOOKING,
            201,
        ),
    ] {
        let request = json(method, path, body).insert_header(token);
        let answer = api.call(request).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
}
