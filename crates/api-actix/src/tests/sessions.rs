//! `/api/auth`: signing in, staying signed in, and the end of it.

use std::time::Duration;

use actix_web::test::TestRequest;
use domain::session::{ChangePasswordError, LoginError, RefreshError, RefreshToken};
use serde_json::{Value, json};

use super::harness::{Answer, Mocks, USER, USER_IDENTITY, at, caller, json, login};

const CREDENTIALS: &str = r#"{"email":"john@example.com","password":"x"}"#;
/// The refresh token of 256 zero bits.
const REFRESH: &str = r#"{"refreshToken":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#;
const PASSWORDS: &str = r#"{"currentPassword":"x","newPassword":"SecurePass@123"}"#;

fn signed_in() -> Value {
    json!({
        "token": "the-token",
        "tokenType": "Bearer",
        "expiresIn": 900,
        "refreshToken": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "refreshExpiresIn": 2_592_000,
        "user": {
            "id": 7,
            "name": "John Doe",
            "email": "john@example.com",
            "role": "user",
            "createdAt": "2024-12-31T10:00:00.000Z",
        },
    })
}

#[actix_web::test]
async fn a_login_gives_tokens() {
    let mut mocks = Mocks::new();
    let log_in = mocks.sessions.expect_log_in();
    log_in.returning(|_, _, _| Ok(login()));
    let request = json("POST", "/api/auth/login", CREDENTIALS);
    let answer = mocks.api().call(request).await;
    assert_eq!((answer.status.as_u16(), answer.body), (200, signed_in()));
}

#[actix_web::test]
async fn a_wrong_password_is_401() {
    let mut mocks = Mocks::new();
    let refuse = |_, _, _: &_| Err(LoginError::WrongCredentials);
    mocks.sessions.expect_log_in().returning(refuse);
    let request = json("POST", "/api/auth/login", CREDENTIALS);
    let answer = mocks.api().call(request).await;
    answer.assert_problem(401, "invalid_credentials");
    assert_eq!(answer.header("WWW-Authenticate"), "Bearer");
}

#[actix_web::test]
async fn who_tried_too_often_is_told_when_to_come_back() {
    let mut mocks = Mocks::new();
    let slow = |_, _, _: &_| Err(LoginError::Slowed(Duration::from_millis(3_001)));
    mocks.sessions.expect_log_in().returning(slow);
    let request = json("POST", "/api/auth/login", CREDENTIALS);
    let answer = mocks.api().call(request).await;
    answer.assert_problem(429, "rate_limited");
    assert_eq!(answer.header("Retry-After"), "4");
}

#[actix_web::test]
async fn a_refresh_token_gives_new_tokens_whatever_the_access_token_is() {
    let mut mocks = Mocks::new();
    mocks
        .sessions
        .expect_refresh()
        .withf(|token, _| *token == RefreshToken::new([0; 32]))
        .once()
        .returning(|_, _| Ok(login()));
    let request = json("POST", "/api/auth/refresh-token", REFRESH)
        .insert_header(("Authorization", "Bearer expired"));
    let answer = mocks.api().call(request).await;
    assert_eq!((answer.status.as_u16(), answer.body), (200, signed_in()));
}

#[actix_web::test]
async fn a_refresh_token_that_is_no_good_is_401() {
    let mut mocks = Mocks::new();
    let refuse = |_, _: &_| Err(RefreshError::Refused);
    mocks.sessions.expect_refresh().returning(refuse);
    let request = json("POST", "/api/auth/refresh-token", REFRESH);
    let answer = mocks.api().call(request).await;
    answer.assert_problem(401, "invalid_token");
}

#[actix_web::test]
async fn a_refresh_token_of_a_wrong_form_is_an_invalid_field() {
    let api = Mocks::new().api();
    for token in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB"] {
        let body = json!({ "refreshToken": token }).to_string();
        let answer = api
            .call(json("POST", "/api/auth/refresh-token", body))
            .await;
        answer.assert_problem(422, "validation_failed");
        assert_eq!(answer.fields(), ["refreshToken"], "{token}");
    }
}

#[actix_web::test]
async fn the_callers_session_ends_or_all_of_them() {
    let mut mocks = Mocks::new();
    mocks
        .sessions
        .expect_log_out()
        .withf(|by, _| *by == caller(USER_IDENTITY))
        .once()
        .returning(|_, _| Ok(()));
    mocks
        .sessions
        .expect_log_out_everywhere()
        .withf(|by, _| *by == USER_IDENTITY)
        .once()
        .returning(|_, _| Ok(()));
    let api = mocks.api();
    for path in ["/api/auth/logout", "/api/auth/logout-everywhere"] {
        let answer = api.call(at("POST", path).insert_header(USER)).await;
        assert_eq!(answer.status, 204, "{path}");
    }
}

fn new_password() -> TestRequest {
    json("PUT", "/api/auth/change-password", PASSWORDS).insert_header(USER)
}

#[actix_web::test]
async fn a_password_is_changed() {
    let mut mocks = Mocks::new();
    mocks
        .sessions
        .expect_change_password()
        .withf(|by, current, new, _| {
            *by == caller(USER_IDENTITY)
                && (current.expose(), new.expose()) == ("x", "SecurePass@123")
        })
        .once()
        .returning(|_, _, _, _| Ok(()));
    assert_eq!(mocks.api().call(new_password()).await.status, 204);
}

async fn refused(error: ChangePasswordError) -> Answer {
    let mut mocks = Mocks::new();
    let change = mocks.sessions.expect_change_password();
    change.return_once(move |_, _, _, _| Err(error));
    mocks.api().call(new_password()).await
}

#[actix_web::test]
async fn refused_changes_of_a_password_have_their_codes() {
    let wrong = refused(ChangePasswordError::WrongPassword).await;
    wrong.assert_problem(401, "invalid_credentials");
    let slowed = refused(ChangePasswordError::Slowed(Duration::from_secs(7))).await;
    slowed.assert_problem(429, "rate_limited");
    assert_eq!(slowed.header("Retry-After"), "7");
    let gone = refused(ChangePasswordError::Gone).await;
    gone.assert_problem(401, "invalid_token");
}
