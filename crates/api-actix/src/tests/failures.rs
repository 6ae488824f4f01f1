//! What is nobody's fault, what is ours, and what the log says of it.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use domain::access::{AccessControl, AdmitError};
use domain::error::{Failure, StoreError};
use domain::request::Caller;

use super::harness::{Answer, EVENT, Mocks, USER, USER_IDENTITY, at, user};

async fn fetch_that_fails(fail: fn() -> StoreError) -> Answer {
    let mut mocks = Mocks::new();
    let fetch = mocks.events.expect_fetch();
    fetch.returning(move |_| Err(Failure::from(fail())));
    let path = format!("/api/events/{EVENT}/fetchById?page=secret-query");
    mocks.api().call(at("GET", &path).insert_header(USER)).await
}

fn away() -> StoreError {
    StoreError::unavailable("mongodb", "driver text")
}

fn broken() -> StoreError {
    StoreError::unexpected("mongodb", "driver text")
}

#[actix_web::test]
async fn a_store_that_is_away_is_503() {
    let answer = fetch_that_fails(away).await;
    answer.assert_problem(503, "unavailable");
    assert_eq!(answer.header("Retry-After"), "1");
    assert!(!answer.body.to_string().contains("driver text"));
}

#[actix_web::test]
async fn who_cannot_be_looked_up_in_time_may_try_again() {
    let unknown = ("Authorization", "Bearer unknown-token");
    let request = at("GET", "/api/auth/user-profile").insert_header(unknown);
    let answer = Mocks::new().api().call(request).await;
    answer.assert_problem(503, "unavailable");
    assert_eq!(answer.header("Retry-After"), "1");
}

#[actix_web::test]
async fn a_fault_of_ours_is_500_and_tells_nothing() {
    let answer = fetch_that_fails(broken).await;
    answer.assert_problem(500, "internal_error");
    assert!(!answer.body.to_string().contains("driver text"));
}

#[actix_web::test]
async fn a_panic_is_500_and_tells_nothing() {
    let mut mocks = Mocks::new();
    let profile = mocks.accounts.expect_profile();
    profile.returning(|_| panic!("a panic on purpose"));
    let request = at("GET", "/api/auth/user-profile").insert_header(USER);
    let answer = mocks.api().call(request).await;
    answer.assert_problem(500, "internal_error");
    assert!(!answer.body.to_string().contains("purpose"));
}

/// Never answers.
struct Silent;

#[async_trait]
impl AccessControl for Silent {
    async fn admit(&self, _: &str) -> Result<Caller, AdmitError> {
        std::future::pending().await
    }
}

#[actix_web::test]
async fn what_never_ends_is_cut_off_at_the_deadline() {
    let deadline = Duration::from_millis(20);
    let api = Mocks::new()
        .api_with(|settings| settings.request_deadline = deadline)
        .with_access(Arc::new(Silent));
    let request = at("GET", "/api/auth/user-profile").insert_header(USER);
    let answer = api.call(request).await;
    answer.assert_problem(503, "unavailable");
    assert_eq!(answer.header("Retry-After"), "1");
}

thread_local! {
    /// What this test's thread has logged.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes to the log of the test's own thread.
struct ThreadLog;

impl io::Write for ThreadLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One subscriber for all threads: with one per test, a thread that has none decides for all that
/// a line which it is the first to reach interests nobody.
static SUBSCRIBER: LazyLock<()> = LazyLock::new(|| {
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(|| ThreadLog)
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    tracing::callsite::rebuild_interest_cache();
});

/// The lines that are logged while `work` runs.
async fn logged(work: impl Future<Output = Answer>) -> Vec<String> {
    LazyLock::force(&SUBSCRIBER);
    LOG.take();
    work.await;
    let text = String::from_utf8(LOG.take()).unwrap();
    text.lines()
        .filter(|line| line.contains("api_actix") || line.contains(" access: "))
        .map(str::to_owned)
        .collect()
}

#[actix_web::test]
async fn a_failure_is_logged_once_with_its_causes_and_the_requests_id() {
    for (fail, level) in [(away as fn() -> StoreError, "WARN"), (broken, "ERROR")] {
        let lines = logged(fetch_that_fails(fail)).await;
        let with_cause: Vec<&String> = lines
            .iter()
            .filter(|line| line.contains("driver text"))
            .collect();
        assert_eq!(with_cause.len(), 1, "{lines:?}");
        assert!(with_cause[0].contains(level));
        assert!(
            lines
                .iter()
                .all(|line| line.contains("request_id=made-here"))
        );
    }
}

#[actix_web::test]
async fn a_request_leaves_one_line_without_anything_personal() {
    let mut mocks = Mocks::new();
    let profile = mocks.accounts.expect_profile();
    profile.returning(|_| Ok(user(USER_IDENTITY)));
    let api = mocks.api();
    let request = at("GET", "/api/auth/user-profile?key=secret-query").insert_header(USER);
    let lines = logged(api.call(request)).await;
    let [line] = lines.as_slice() else {
        panic!("not one line: {lines:?}")
    };
    for part in [
        "method=\"GET\"",
        "route=\"/api/auth/user-profile\"",
        "status=200",
        "ms=",
    ] {
        assert!(line.contains(part), "{line}");
    }
    for secret in ["127.0.0.1", "secret-query", "user-token", "john"] {
        assert!(!line.contains(secret), "{line}");
    }
}

#[actix_web::test]
async fn the_line_names_the_routes_pattern_and_not_the_path() {
    let lines = logged(fetch_that_fails(away)).await;
    assert!(
        lines
            .iter()
            .any(|l| l.contains("/api/events/{id}/fetchById"))
    );
    assert!(lines.iter().all(|line| !line.contains(EVENT)));
    let api = Mocks::new().api();
    let lines = logged(api.call(at("SECRET", "/secret-path"))).await;
    assert!(lines[0].contains("route=\"none\""), "{lines:?}");
    assert!(!lines[0].to_lowercase().contains("secret"), "{lines:?}");
}
