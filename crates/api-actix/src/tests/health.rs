//! `/health`.

use domain::health::PartHealth;
use serde_json::json;

use super::harness::{Answer, Mocks, at};

async fn ready(mysql: bool, mongodb: bool) -> Answer {
    let mut mocks = Mocks::new();
    let part = |name, up| PartHealth { name, up };
    let parts = vec![part("mysql", mysql), part("mongodb", mongodb)];
    mocks.health.expect_parts().return_const(parts);
    mocks.api().call(at("GET", "/health/ready")).await
}

#[actix_web::test]
async fn a_live_process_says_so_without_asking_a_store() {
    let answer = Mocks::new().api().call(at("GET", "/health/live")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body, json!({"status": "live"}));
}

#[actix_web::test]
async fn ready_means_that_every_part_is_up() {
    let answer = ready(true, true).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        json!({"status": "ready", "parts": {"mysql": "up", "mongodb": "up"}})
    );
}

#[actix_web::test]
async fn the_part_that_is_away_is_named() {
    let answer = ready(true, false).await;
    answer.assert_problem(503, "unavailable");
    assert_eq!(answer.header("Retry-After"), "1");
    assert_eq!(answer.fields(), ["mongodb"]);
    assert_eq!(
        answer.body["parts"],
        json!({"mysql": "up", "mongodb": "away"})
    );
}
