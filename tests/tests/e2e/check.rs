//! `boxoffice check` on the stores of a running server.

use serde_json::Value;
use tests::World;

#[tokio::test]
async fn stores_that_are_served_are_found_right() {
    let world = World::new().await;
    let output = world.databases.run(&["check", "--json"]).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{report:#}");
    let findings = report["findings"].as_array().unwrap();
    let wrong = |finding: &&Value| finding["verdict"] == "wrong";
    assert_eq!(findings.iter().find(wrong), None);
    for subject in ["schema", "rights", "clock"] {
        let is_there = findings.iter().any(|finding| finding["subject"] == subject);
        assert!(is_there, "{subject} is not among {report:#}");
    }
}
