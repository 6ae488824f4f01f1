//! The schema: forward, back, printed, and by several instances at once.

mod server;

use adapters_mysql::MySqlDiagnosis;
use domain::diagnosis::{Diagnosis, Verdict};
use futures_util::future::join_all;

use server::Database;

#[tokio::test]
async fn it_goes_forward_and_all_the_way_back() {
    let database = Database::empty().await;
    let schema = database.schema();
    let steps = schema.steps().await.unwrap();
    assert!(steps.iter().all(|step| !step.applied));
    for _ in 0..2 {
        schema.up().await.unwrap();
        assert!(
            schema
                .steps()
                .await
                .unwrap()
                .iter()
                .all(|step| step.applied)
        );
        // A second time there is nothing to do.
        schema.up().await.unwrap();
        schema.down(1).await.unwrap();
        let applied = schema
            .steps()
            .await
            .unwrap()
            .iter()
            .filter(|step| step.applied)
            .count();
        assert_eq!(applied, steps.len() - 1);
        schema
            .down(u32::try_from(steps.len()).unwrap() - 1)
            .await
            .unwrap();
        assert!(
            schema
                .steps()
                .await
                .unwrap()
                .iter()
                .all(|step| !step.applied)
        );
    }
}

#[tokio::test]
async fn the_printed_script_counts_as_up_to_date() {
    let database = Database::empty().await;
    database.load_script().await;
    let schema = database.schema();
    assert!(
        schema
            .steps()
            .await
            .unwrap()
            .iter()
            .all(|step| step.applied)
    );
    schema.up().await.unwrap();
}

#[tokio::test]
async fn the_printed_script_makes_what_the_migrations_make() {
    let (migrated, printed) = (Database::empty().await, Database::empty().await);
    migrated.schema().up().await.unwrap();
    printed.load_script().await;
    for table in [
        "users",
        "admin_guard",
        "bookings",
        "stock_returns",
        "outbox",
        "recovery_marks",
    ] {
        let statement = format!("SHOW CREATE TABLE {table}");
        let (one, other) = (
            migrated.text(&statement, 1).await,
            printed.text(&statement, 1).await,
        );
        assert_eq!(one, other);
    }
}

#[tokio::test]
async fn several_instances_at_once_migrate_once() {
    let database = Database::empty().await;
    let schemas = [database.schema(), database.schema(), database.schema()];
    for result in join_all(schemas.iter().map(|schema| schema.up())).await {
        result.unwrap();
    }
    assert!(
        schemas[0]
            .steps()
            .await
            .unwrap()
            .iter()
            .all(|step| step.applied)
    );
}

#[tokio::test]
async fn a_server_tells_how_it_is_set_up_and_whether_it_may_be_written_to() {
    let database = Database::empty().await;
    let diagnosis = MySqlDiagnosis::new(&database.settings()).unwrap();
    let examination = diagnosis.examine().await.unwrap();
    let verdicts: Vec<(&str, bool)> = examination
        .findings
        .iter()
        .map(|finding| (finding.subject, finding.verdict == Verdict::Ok))
        .collect();
    // The rest depends on how the server was started.
    assert_eq!(verdicts[0], ("version", true), "{:?}", examination.findings);
    assert_eq!(verdicts.len(), 4);
    // After 2023 and before 2100: it is milliseconds, and no zone was added twice.
    let years = 1_700_000_000_000..4_102_444_800_000;
    assert!(years.contains(&examination.clock.millis()));
    assert!(diagnosis.try_writing().await.is_err(), "there is no table");
    database.load_script().await;
    diagnosis.try_writing().await.unwrap();
    for table in [
        "outbox",
        "bookings",
        "users",
        "idempotency_keys",
        "sessions",
        "refresh_tokens",
        "login_attempts",
    ] {
        // What stands in for a table that may not be written to.
        database.rename(table, "elsewhere").await;
        assert!(diagnosis.try_writing().await.is_err(), "{table}");
        database.rename("elsewhere", table).await;
    }
}
