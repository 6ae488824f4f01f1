//! Limits per client address.

use std::net::SocketAddr;

use actix_web::test::TestRequest;

use super::harness::{Api, Mocks, at, json, limits};

fn from(request: TestRequest, address: &str) -> TestRequest {
    let peer: SocketAddr = format!("{address}:1").parse().unwrap();
    request.peer_addr(peer)
}

async fn profile(api: &Api, address: &str) -> u16 {
    let request = from(at("GET", "/api/auth/user-profile"), address);
    api.call(request).await.status.as_u16()
}

async fn login(api: &Api, address: &str) -> u16 {
    let request = from(json("POST", "/api/auth/login", "{}"), address);
    api.call(request).await.status.as_u16()
}

#[actix_web::test]
async fn beyond_its_burst_a_client_waits() {
    let api = Mocks::new().api_with(|settings| settings.rate_limit = limits(2, 9));
    for _ in 0..2 {
        assert_eq!(profile(&api, "192.0.2.1").await, 401);
    }
    let request = from(at("GET", "/nothing"), "192.0.2.1");
    let answer = api.call(request).await;
    answer.assert_problem(429, "rate_limited");
    let wait: u64 = answer.header("Retry-After").parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(profile(&api, "192.0.2.2").await, 401);
}

#[actix_web::test]
async fn signing_in_is_limited_more_tightly() {
    let api = Mocks::new().api_with(|settings| settings.rate_limit = limits(9, 2));
    for _ in 0..2 {
        assert_eq!(login(&api, "192.0.2.1").await, 422);
    }
    let request = from(json("POST", "/api/auth/log%69n", "{}"), "192.0.2.1");
    let answer = api.call(request).await;
    answer.assert_problem(429, "rate_limited");
    let wait: u64 = answer.header("Retry-After").parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(profile(&api, "192.0.2.1").await, 401);
    assert_eq!(login(&api, "192.0.2.2").await, 422);
}

#[actix_web::test]
async fn tight_requests_count_against_both_limits() {
    let api = Mocks::new().api_with(|settings| settings.rate_limit = limits(1, 9));
    assert_eq!(login(&api, "192.0.2.1").await, 422);
    assert_eq!(profile(&api, "192.0.2.1").await, 429);
}

#[actix_web::test]
async fn health_is_never_limited() {
    let api = Mocks::new().api_with(|settings| settings.rate_limit = limits(1, 1));
    for _ in 0..5 {
        assert_eq!(api.call(at("GET", "/health/live")).await.status, 200);
    }
}

#[actix_web::test]
async fn without_limits_nobody_waits() {
    let api = Mocks::new().api();
    for _ in 0..300 {
        assert_eq!(login(&api, "192.0.2.1").await, 422);
    }
}

#[actix_web::test]
async fn behind_a_trusted_proxy_the_client_counts() {
    let api = Mocks::new().api_with(|settings| {
        settings.rate_limit = limits(1, 1);
        settings.trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
    });
    let behind = |proxy, client| {
        from(at("GET", "/api/auth/user-profile"), proxy).insert_header(("X-Forwarded-For", client))
    };
    for (proxy, client, status) in [
        ("10.0.0.1", "198.51.100.1", 401),
        ("10.0.0.1", "198.51.100.1", 429),
        ("10.0.0.1", "198.51.100.2", 401),
        ("192.0.2.1", "198.51.100.3", 401),
        ("192.0.2.1", "198.51.100.4", 429),
    ] {
        let answer = api.call(behind(proxy, client)).await;
        assert_eq!(answer.status, status, "{proxy} {client}");
    }
}
