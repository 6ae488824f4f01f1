//! The gate of `create-admin`: what the use case is told about a request.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_web::test::TestRequest;
use domain::user::{AdminGate, RegisterAdminError};

use super::harness::{ADMIN, ADMIN_IDENTITY, Mocks, USER, USER_IDENTITY, json, user};

const BODY: &str = r#"{"name":"Admin","email":"admin@example.com","password":"admin@1234"}"#;

fn request() -> TestRequest {
    json("POST", "/api/auth/create-admin", BODY)
}

/// What the use case was told about `request`.
async fn gate(request: TestRequest, embedded: bool, only_loopback: bool) -> AdminGate {
    let told = Arc::new(Mutex::new(None));
    let mut mocks = Mocks::new();
    let note = Arc::clone(&told);
    mocks
        .accounts
        .expect_register_admin()
        .once()
        .returning(move |_, gate, _| {
            *note.lock().unwrap() = Some(gate);
            Ok(user(ADMIN_IDENTITY))
        });
    let api = mocks.api_on(only_loopback, |settings| {
        settings.first_admin_from_loopback = embedded;
    });
    let answer = api.call(request).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert_eq!(answer.body["role"], "admin");
    told.lock().unwrap().take().unwrap()
}

#[actix_web::test]
async fn a_request_of_the_machine_itself_counts_on_the_embedded_default() {
    let gate = gate(request(), true, true).await;
    assert!(gate.loopback);
    assert_eq!((gate.caller, gate.setup_token), (None, None));
}

#[actix_web::test]
async fn it_counts_nowhere_else() {
    assert!(!gate(request(), false, true).await.loopback);
    assert!(!gate(request(), true, false).await.loopback);
}

#[actix_web::test]
async fn a_peer_elsewhere_does_not_count() {
    for peer in ["192.0.2.1:1", "[2001:db8::1]:1", "[::ffff:192.0.2.1]:1"] {
        let peer: SocketAddr = peer.parse().unwrap();
        assert!(!gate(request().peer_addr(peer), true, true).await.loopback);
    }
    for peer in ["127.1.2.3:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        let peer: SocketAddr = peer.parse().unwrap();
        assert!(gate(request().peer_addr(peer), true, true).await.loopback);
    }
}

#[actix_web::test]
async fn what_a_proxy_passed_on_does_not_count() {
    for header in [
        "Forwarded",
        "X-Forwarded-For",
        "x-forwarded-host",
        "X-Forwarded-Proto",
        "X-Forwarded-Anything",
        "Via",
    ] {
        for value in ["127.0.0.1", ""] {
            let request = request().insert_header((header, value));
            assert!(!gate(request, true, true).await.loopback, "{header}");
        }
    }
}

#[actix_web::test]
async fn a_name_that_is_not_loopback_does_not_count() {
    for host in ["evil.example:3000", "localhost.evil.example", "192.0.2.1"] {
        let request = request().insert_header(("Host", host));
        assert!(!gate(request, true, true).await.loopback, "{host}");
    }
    for host in ["127.0.0.1:3000", "[::1]:3000", "localhost"] {
        let request = request().insert_header(("Host", host));
        assert!(gate(request, true, true).await.loopback, "{host}");
    }
    let request = request().uri("http://evil.example/api/auth/create-admin");
    assert!(!gate(request, true, true).await.loopback);
}

#[actix_web::test]
async fn a_setup_token_is_passed_on() {
    let token = ("X-Setup-Token", "let me in");
    let told = gate(request().append_header(token), false, false).await;
    assert_eq!(told.setup_token.as_deref(), Some("let me in"));
    let twice = request().append_header(token).append_header(token);
    assert_eq!(gate(twice, false, false).await.setup_token, None);
}

#[actix_web::test]
async fn the_caller_is_passed_on() {
    for (header, identity) in [(ADMIN, ADMIN_IDENTITY), (USER, USER_IDENTITY)] {
        let told = gate(request().insert_header(header), false, false).await;
        assert_eq!(told.caller, Some(identity));
    }
}

#[actix_web::test]
async fn a_bad_token_is_refused_though_none_would_do() {
    let mocks = Mocks::new();
    let api = mocks.api_with(|settings| settings.first_admin_from_loopback = true);
    let request = request().insert_header(("Authorization", "Bearer expired"));
    api.call(request).await.assert_problem(401, "invalid_token");
}

#[actix_web::test]
async fn whom_the_use_case_refuses_is_refused() {
    for (error, status, code) in [
        (RegisterAdminError::Forbidden, 403, "forbidden"),
        (RegisterAdminError::EmailTaken, 409, "email_taken"),
    ] {
        let mut mocks = Mocks::new();
        let refuse = mocks.accounts.expect_register_admin();
        refuse.return_once(move |_, _, _| Err(error));
        mocks
            .api()
            .call(request())
            .await
            .assert_problem(status, code);
    }
}
