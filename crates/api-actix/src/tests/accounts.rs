//! `/api/auth`: accounts, all but the gate of `create-admin`.

use domain::user::{ProfileError, RegisterError};
use serde_json::json;

use super::harness::{Mocks, USER, USER_IDENTITY, at, json, user};

const ACCOUNT: &str =
    r#"{"name":" John Doe ","email":"john@example.com","password":"SecurePass@123"}"#;

#[actix_web::test]
async fn an_account_is_made_and_shown_without_its_password() {
    let mut mocks = Mocks::new();
    mocks
        .accounts
        .expect_register()
        .withf(|account, origin| {
            account.name.as_str() == "John Doe"
                && account.email.as_str() == "john@example.com"
                && account.password.expose() == "SecurePass@123"
                && origin.address.as_deref() == Some("127.0.0.1")
                && origin.request_id.as_str() == "made-here"
        })
        .once()
        .returning(|_, _| Ok(user(USER_IDENTITY)));
    let request = json("POST", "/api/auth/create-user", ACCOUNT);
    let answer = mocks.api().call(request).await;
    assert_eq!(answer.status, 201);
    assert_eq!(
        answer.body,
        json!({
            "id": 7,
            "name": "John Doe",
            "email": "john@example.com",
            "role": "user",
            "createdAt": "2024-12-31T10:00:00.000Z",
        })
    );
}

#[actix_web::test]
async fn a_taken_address_is_a_conflict() {
    let mut mocks = Mocks::new();
    let refuse = |_, _: &_| Err(RegisterError::EmailTaken);
    mocks.accounts.expect_register().returning(refuse);
    let request = json("POST", "/api/auth/create-user", ACCOUNT);
    let answer = mocks.api().call(request).await;
    answer.assert_problem(409, "email_taken");
}

#[actix_web::test]
async fn the_profile_is_the_callers() {
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let mut mocks = Mocks::new();
        mocks
            .accounts
            .expect_profile()
            .withf(|id| *id == USER_IDENTITY.user_id)
            .returning(|_| Ok(user(USER_IDENTITY)));
        let header = ("Authorization", format!("{scheme} user-token"));
        let request = at("GET", "/api/auth/user-profile").insert_header(header);
        let answer = mocks.api().call(request).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.body["id"], 7);
    }
}

#[actix_web::test]
async fn a_body_where_none_belongs_is_ignored() {
    let mut mocks = Mocks::new();
    let found = |_| Ok(user(USER_IDENTITY));
    mocks.accounts.expect_profile().returning(found);
    let request = at("GET", "/api/auth/user-profile")
        .insert_header(USER)
        .set_payload("not even JSON");
    assert_eq!(mocks.api().call(request).await.status, 200);
}

#[actix_web::test]
async fn a_user_who_is_gone_has_no_valid_token() {
    let mut mocks = Mocks::new();
    let refuse = |_| Err(ProfileError::Gone);
    mocks.accounts.expect_profile().returning(refuse);
    let request = at("GET", "/api/auth/user-profile").insert_header(USER);
    let answer = mocks.api().call(request).await;
    answer.assert_problem(401, "invalid_token");
}
