//! Builds all tests in one go and finds what was built. One build, many runs: separate calls for single
//! crates would select other features and compile the dependencies again.

use std::path::PathBuf;
use std::process::Stdio;

use serde::Deserialize;
use xtask::error::{Context, Error, Result};

use super::{cargo, step};

/// A test executable.
#[derive(Debug, Clone)]
pub(crate) struct TestBinary {
    /// The package's name, which is its folder's too.
    pub(crate) package: String,
    /// The target's name: the crate's, or that of a file or folder in `tests/`.
    pub(crate) target: String,
    /// The executable.
    pub(crate) path: PathBuf,
    /// The package's folder, in which its tests expect to run.
    pub(crate) folder: PathBuf,
}

/// What a build made.
#[derive(Debug, Default)]
pub(crate) struct Built {
    /// The test executables.
    pub(crate) tests: Vec<TestBinary>,
    /// The server, for the end-to-end suites.
    pub(crate) server: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Message {
    reason: String,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

/// Builds the tests of the whole workspace, and the server that the end-to-end suites run.
pub(crate) fn all_tests() -> Result<Built> {
    step("building every test (the first time takes some minutes)");
    let words = [
        "test",
        "--workspace",
        "--locked",
        "--no-run",
        "--message-format=json-render-diagnostics",
    ];
    let output = cargo(&words)
        .stderr(Stdio::inherit())
        .output()
        .context("cannot run cargo")?;
    if !output.status.success() {
        return Err(Error::new("the tests do not build"));
    }
    Ok(read(&String::from_utf8_lossy(&output.stdout)))
}

fn read(lines: &str) -> Built {
    let mut built = Built::default();
    for message in lines
        .lines()
        .filter_map(|line| serde_json::from_str::<Message>(line).ok())
    {
        if message.reason == "compiler-artifact" {
            built.note(message);
        }
    }
    built
        .tests
        .sort_by(|a, b| (&a.package, &a.target).cmp(&(&b.package, &b.target)));
    built
}

impl Built {
    fn note(&mut self, message: Message) {
        let (Some(path), Some(target), Some(profile)) =
            (message.executable, message.target, message.profile)
        else {
            return;
        };
        let Some(folder) = message
            .manifest_path
            .as_ref()
            .and_then(|path| path.parent())
        else {
            return;
        };
        let package = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if profile.test {
            self.tests.push(TestBinary {
                package,
                target: target.name,
                path,
                folder: folder.to_owned(),
            });
        } else if target.name == "boxoffice" {
            self.server = Some(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_executables_and_the_server_are_found() {
        let lines = r#"
{"reason":"compiler-artifact","manifest_path":"/b/crates/domain/Cargo.toml","target":{"name":"domain"},"profile":{"test":true},"executable":"/b/target/domain-1"}
{"reason":"compiler-artifact","manifest_path":"/b/crates/domain/Cargo.toml","target":{"name":"domain"},"profile":{"test":false},"executable":null}
{"reason":"compiler-artifact","manifest_path":"/b/crates/boxoffice/Cargo.toml","target":{"name":"boxoffice"},"profile":{"test":false},"executable":"/b/target/boxoffice"}
{"reason":"build-finished","success":true}
not json"#;
        let built = read(lines);
        assert_eq!(built.server, Some("/b/target/boxoffice".into()));
        assert_eq!(built.tests.len(), 1);
        assert_eq!(built.tests[0].package, "domain");
        assert_eq!(built.tests[0].folder, PathBuf::from("/b/crates/domain"));
    }
}
