//! The id that a request carries.

use super::harness::{Mocks, at};

#[actix_web::test]
async fn a_good_id_is_kept() {
    let api = Mocks::new().api();
    let request = at("GET", "/nothing").insert_header(("X-Request-Id", "from-client-1"));
    let answer = api.call(request).await;
    assert_eq!(answer.header("X-Request-Id"), "from-client-1");
    assert_eq!(answer.body["requestId"], "from-client-1");
}

#[actix_web::test]
async fn a_bad_id_is_replaced() {
    let api = Mocks::new().api();
    let long = "x".repeat(129);
    for ids in [&["a b"][..], &[""], &["\u{e9}"], &[&long], &["a", "b"]] {
        let request = ids.iter().fold(at("GET", "/health/live"), |request, id| {
            request.append_header(("X-Request-Id", *id))
        });
        let answer = api.call(request).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("X-Request-Id"), "made-here");
    }
}
