//! The secret that the embedded default makes for itself.

use std::os::unix::fs::PermissionsExt;

use tests::World;

#[tokio::test]
async fn tokens_stay_good_over_a_restart_and_nobody_else_can_read_their_secret() {
    // An empty value takes the harness's own secret away.
    let mut world = World::with(&[("JWT_SECRET", "")]).await;
    world.restart().await;
    world
        .admin
        .client
        .get("/api/auth/user-profile")
        .await
        .expect(200);

    let data = world.databases.folder().join("data");
    let secret = std::fs::read_to_string(data.join("jwt-secret")).unwrap();
    assert!(secret.trim().len() >= 32);
    let kept = std::fs::metadata(data.join("jwt-secret")).unwrap();
    assert_eq!(kept.permissions().mode() & 0o777, 0o600);
}
