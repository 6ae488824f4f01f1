//! The command line of the real program.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::path::Path;
use std::process::{Command, Output};

/// Every variable that the program reads.
const VARIABLES: &[&str] = &[
    "HOST",
    "PORT",
    "ADMIN_HOST",
    "ADMIN_PORT",
    "TRUSTED_PROXIES",
    "CORS_ORIGINS",
    "SHUTDOWN_DELAY_SECONDS",
    "TLS_CERT_FILE",
    "TLS_KEY_FILE",
    "MYSQL_URL",
    "MONGODB_URL",
    "MYSQL_POOL_MAX",
    "MONGODB_POOL_MAX",
    "DATA_DIR",
    "MIGRATE_ON_START",
    "JWT_SECRET",
    "JWT_TTL_SECONDS",
    "REFRESH_TTL_SECONDS",
    "ADMIN_SETUP_TOKEN",
    "BCRYPT_COST",
    "RATE_LIMIT",
    "RATE_LIMIT_PER_SECOND",
    "RATE_LIMIT_BURST",
    "AUTH_RATE_LIMIT_PER_MINUTE",
    "AUTH_RATE_LIMIT_BURST",
    "BOOKING_BATCH_MAX",
    "BOOKING_QUEUE_MAX",
    "RECOVERY_GRACE_SECONDS",
    "AUDIT_RETENTION_DAYS",
    "LOG_FORMAT",
    "LOG_LEVEL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_SERVICE_NAME",
    "BOXOFFICE_ADMIN_PASSWORD",
];

/// Runs the program in an empty environment, in an empty folder.
fn boxoffice(arguments: &[&str], variables: &[(&str, &str)], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_boxoffice"))
        .args(arguments)
        .env_clear()
        .envs(variables.iter().copied())
        .current_dir(folder)
        .output()
        .unwrap()
}

fn in_empty_folder(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    boxoffice(arguments, variables, tempfile::tempdir().unwrap().path())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The one line that a refused start prints.
fn refusal(arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let output = in_empty_folder(arguments, variables);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(text(&output.stdout), "");
    let line = text(&output.stderr);
    assert_eq!(line.lines().count(), 1, "{line}");
    line
}

#[test]
fn help_and_readme_name_every_variable() {
    let help = text(&in_empty_folder(&["--help"], &[]).stdout)
        + &text(&in_empty_folder(&["create-admin", "--help"], &[]).stdout);
    let readme =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md")).unwrap();
    for variable in VARIABLES {
        assert!(help.contains(variable), "--help lacks {variable}");
        assert!(
            readme.contains(&format!("`{variable}`")),
            "README.md lacks {variable}"
        );
    }
    let unknown: Vec<&str> = help
        .split("[env: ")
        .skip(1)
        .filter_map(|rest| rest.split(['=', ']']).next())
        .filter(|name| !VARIABLES.contains(name))
        .collect();
    assert!(unknown.is_empty(), "not in the list above: {unknown:?}");
}

#[test]
fn what_cannot_work_is_one_line_that_names_the_variable() {
    let mysql = ("MYSQL_URL", "mysql://root:secret-password@127.0.0.1:1/b");
    let mongodb = (
        "MONGODB_URL",
        "mongodb://user:secret-password@127.0.0.1:1/b",
    );
    let long = ("JWT_SECRET", "0123456789012345678901234567890123456789");
    let cases: [(&[(&str, &str)], &str); 16] = [
        (&[("PORT", "70000")], "PORT"),
        (&[("ADMIN_PORT", "on")], "ADMIN_PORT"),
        (&[("ADMIN_HOST", " ")], "ADMIN_HOST"),
        (&[("PORT", "x")], "PORT"),
        (&[("BCRYPT_COST", "3")], "BCRYPT_COST"),
        (&[("RATE_LIMIT", "maybe")], "RATE_LIMIT"),
        (&[("MYSQL_POOL_MAX", "1")], "MYSQL_POOL_MAX"),
        (&[("MONGODB_POOL_MAX", "10001")], "MONGODB_POOL_MAX"),
        (&[("RECOVERY_GRACE_SECONDS", "4")], "RECOVERY_GRACE_SECONDS"),
        (&[("JWT_SECRET", "short")], "JWT_SECRET"),
        (&[("LOG_LEVEL", "domain=loud=very")], "LOG_LEVEL"),
        (&[("HOST", "no such host")], "HOST"),
        (&[mysql], "MONGODB_URL"),
        (&[mongodb], "MYSQL_URL"),
        (&[mysql, mongodb], "JWT_SECRET"),
        (
            &[
                mysql,
                ("MONGODB_URL", "mongodb://user:secret-password@127.0.0.1:1"),
                long,
            ],
            "MONGODB_URL",
        ),
    ];
    for (variables, name) in cases {
        let line = refusal(&[], variables);
        assert!(line.contains(name), "{variables:?}: {line}");
        assert!(!line.contains("secret-password"), "{line}");
    }
}

#[test]
fn a_data_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data"), "a file").unwrap();
    let output = boxoffice(&[], &[], folder.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("DATA_DIR"), "{output:?}");
}

#[test]
fn a_chosen_admin_port_that_is_taken_refuses_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let variables = [("ADMIN_PORT", port.as_str()), ("PORT", "0")];
    let output = boxoffice(&[], &variables, folder.path());
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let line = text(&output.stderr);
    let line = line.lines().last().unwrap();
    assert!(
        line.contains("ADMIN_PORT") && line.contains("off"),
        "{line}"
    );
}

/// The first lines that a server prints, as far as the one about its stores.
fn announcement(variables: &[(&str, &str)]) -> Vec<String> {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_boxoffice"))
        .env_clear()
        .env("PORT", "0")
        .envs(variables.iter().copied())
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let lines = lines.map(Result::unwrap);
    let lines: Vec<String> = lines.take_while(|line| !line.contains("stores:")).collect();
    child.kill().unwrap();
    child.wait().unwrap();
    lines
}

#[test]
fn the_usual_admin_port_may_be_taken_by_another_instance() {
    // Somebody else on this machine may have it already; it is taken in either case.
    let _taken = std::net::TcpListener::bind("127.0.0.1:9464");
    let lines = announcement(&[]);
    let metrics = lines
        .iter()
        .find(|line| line.contains("metrics: http://127.0.0.1:"));
    let metrics = metrics.expect("no line about the metrics");
    assert!(!metrics.contains(":9464/"), "{metrics}");
}

#[test]
fn without_an_admin_port_nothing_is_told() {
    let lines = announcement(&[("ADMIN_PORT", "off")]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("listens on"));
}

#[test]
fn a_dotenv_file_is_read_and_the_environment_wins() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(".env"), "BCRYPT_COST=99\nPORT=0\n").unwrap();
    let output = boxoffice(&["healthcheck"], &[], folder.path());
    assert!(text(&output.stderr).contains("BCRYPT_COST"), "{output:?}");
    let output = boxoffice(&["healthcheck"], &[("BCRYPT_COST", "4")], folder.path());
    assert!(
        text(&output.stderr).contains("does not answer"),
        "{output:?}"
    );
}

#[test]
fn the_schema_is_printed_without_a_database() {
    let output = in_empty_folder(&["migrate", "print"], &[]);
    assert!(output.status.success());
    let script = text(&output.stdout);
    for table in [
        "users",
        "bookings",
        "stock_returns",
        "outbox",
        "recovery_marks",
    ] {
        assert!(
            script.contains(&format!("CREATE TABLE `{table}`")),
            "{table}"
        );
    }
}

#[test]
fn the_embedded_schema_goes_up_and_down_and_shows_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let status = |wanted: &str| {
        let output = boxoffice(&["migrate", "status"], &[], folder.path());
        assert!(output.status.success(), "{output:?}");
        text(&output.stdout)
            .lines()
            .filter(|line| line.contains(wanted))
            .count()
    };
    assert!(
        boxoffice(&["migrate", "up"], &[], folder.path())
            .status
            .success()
    );
    assert_eq!(status("missing"), 0);
    assert!(status("applied") > 10);
}

#[test]
fn what_cannot_be_verified_is_neither_whole_nor_broken() {
    let nothing = in_empty_folder(&["verify"], &[]);
    assert_eq!(nothing.status.code(), Some(2), "{nothing:?}");
    assert!(text(&nothing.stderr).contains("DATA_DIR"), "{nothing:?}");
    let wrong = in_empty_folder(&["verify"], &[("PORT", "x")]);
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
    let json = in_empty_folder(&["verify", "--json"], &[]);
    assert_eq!(json.status.code(), Some(2), "{json:?}");
    let document: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(document["result"], "not_checked");
    assert!(document["error"].as_str().unwrap().contains("DATA_DIR"));
}

#[test]
fn an_empty_database_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let up = boxoffice(&["migrate", "up"], &[], folder.path());
    assert!(up.status.success(), "{up:?}");
    let output = boxoffice(&["verify"], &[], folder.path());
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout), "whole: 0 events\n");
    let output = boxoffice(&["verify", "--repair", "--json"], &[], folder.path());
    assert!(output.status.success(), "{output:?}");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&document["result"], &document["events"]),
        (&"whole".into(), &0.into())
    );
}

#[test]
fn an_admin_is_made_from_standard_input() {
    use std::io::Write;
    use std::process::Stdio;
    let folder = tempfile::tempdir().unwrap();
    let create = |password: &str| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_boxoffice"))
            .args([
                "create-admin",
                "--name",
                "Ada",
                "--email",
                "ada@example.com",
            ])
            .env_clear()
            .env("BCRYPT_COST", "4")
            .current_dir(folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
        child.wait_with_output().unwrap()
    };
    let output = create("short");
    assert!(!output.status.success());
    assert!(text(&output.stderr).contains("password"), "{output:?}");
    let output = create("admin@1234");
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout), "made admin 1\n");
    let output = create("admin@1234");
    assert!(text(&output.stderr).contains("--email"), "{output:?}");
    assert!(!text(&output.stderr).contains("admin@1234"));
}

/// What `boxoffice check --json` says: the verdict of each subject.
fn verdicts(variables: &[(&str, &str)], folder: &Path) -> (Option<i32>, Vec<(String, String)>) {
    let output = boxoffice(&["check", "--json"], variables, folder);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let word = |finding: &serde_json::Value, name: &str| finding[name].as_str().unwrap().to_owned();
    let findings = document["findings"].as_array().unwrap().iter();
    let verdicts = findings.map(|one| (word(one, "subject"), word(one, "verdict")));
    (output.status.code(), verdicts.collect())
}

fn has(verdicts: &[(String, String)], subject: &str, verdict: &str) -> bool {
    let found = verdicts.iter().find(|(name, _)| name == subject);
    found.is_some_and(|(_, word)| word == verdict)
}

#[test]
fn a_check_before_the_first_start_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (code, seen) = verdicts(&[], folder.path());
    assert_eq!(code, Some(0), "{seen:?}");
    assert!(has(&seen, "DATA_DIR", "ok"), "{seen:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_check_of_an_embedded_database_tells_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let output = boxoffice(&["migrate", "up"], &[], folder.path());
    assert!(output.status.success(), "{output:?}");
    let (code, seen) = verdicts(&[], folder.path());
    assert_eq!(code, Some(0), "{seen:?}");
    for subject in [
        "version",
        "integrity",
        "clock",
        "schema",
        "rights",
        "checkpoints",
    ] {
        assert!(has(&seen, subject, "ok"), "{subject}: {seen:?}");
    }
    assert!(has(&seen, "admin", "doubtful"), "{seen:?}");
}

#[test]
fn a_check_names_what_is_wrong_and_repeats_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let weak = "secret-".repeat(9);
    let databases = [
        ("MYSQL_URL", "mysql://root:secret-password@127.0.0.1:1/b"),
        (
            "MONGODB_URL",
            "mongodb://user:secret-password@127.0.0.1:1/b?serverSelectionTimeoutMS=200",
        ),
        ("JWT_SECRET", weak.as_str()),
    ];
    let (code, seen) = verdicts(&databases, folder.path());
    assert_eq!(code, Some(1), "{seen:?}");
    assert!(has(&seen, "JWT_SECRET", "wrong"), "{seen:?}");
    let away = seen.iter().filter(|(subject, _)| subject == "reachable");
    assert_eq!(away.count(), 2, "{seen:?}");
    let output = boxoffice(&["check"], &databases, folder.path());
    let told = text(&output.stdout);
    assert!(
        told.contains("wrong: mysql: reachable: ") && told.contains("; mend: "),
        "{told}"
    );
    assert!(!told.contains("secret-"), "{told}");
}

#[test]
fn a_check_of_settings_that_cannot_be_read_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let (code, seen) = verdicts(&[("JWT_SECRET", "short")], folder.path());
    assert_eq!(code, Some(1));
    assert!(has(&seen, "settings", "wrong"), "{seen:?}");
}

#[test]
fn a_data_folder_that_cannot_be_written_to_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data"), "a file").unwrap();
    let (code, seen) = verdicts(&[], folder.path());
    assert_eq!(code, Some(1), "{seen:?}");
    assert!(has(&seen, "DATA_DIR", "wrong"), "{seen:?}");
}
