//! What a server makes of a database's schema.

use tests::Databases;
use tokio::process::Command;

#[tokio::test]
async fn a_start_on_an_old_schema_refuses_with_one_line() {
    let databases = Databases::new().await;
    let output = Command::new(tests::program())
        .env_clear()
        .envs(databases.variables())
        .env("MIGRATE_ON_START", "false")
        .env("JWT_SECRET", tests::JWT_SECRET)
        .env("PORT", "0")
        .env("LOG_LEVEL", "off")
        .current_dir(databases.folder())
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    let line = String::from_utf8(output.stderr).unwrap();
    assert_eq!(line.lines().count(), 1, "{line}");
    assert!(line.contains("migrate up"), "{line}");
}
