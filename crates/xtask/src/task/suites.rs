//! Which test executables run on which backends.

use super::build::TestBinary;

/// A test executable and what it runs against.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) suite: &'static str,
    pub(crate) backend: Backend,
}

/// What tests run against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Backend {
    None,
    Simulated,
    Embedded,
    MariaDb,
    MySql,
    MongoDb,
    MariaDbMongoDb,
    MySqlMongoDb,
}

impl Backend {
    /// The name that people read.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::None => "in-memory, mocks",
            Self::Simulated => "simulated stores",
            Self::Embedded => "embedded (SQLite)",
            Self::MariaDb => "MariaDB",
            Self::MySql => "MySQL",
            Self::MongoDb => "MongoDB",
            Self::MariaDbMongoDb => "MariaDB with MongoDB",
            Self::MySqlMongoDb => "MySQL with MongoDB",
        }
    }

    /// The name by which the end-to-end suite knows it.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Embedded => Some("embedded"),
            Self::MariaDbMongoDb => Some("mariadb-mongodb"),
            Self::MySqlMongoDb => Some("mysql-mongodb"),
            _ => None,
        }
    }

    /// Whether it needs MySQL itself.
    pub(crate) fn needs_mysql(self) -> bool {
        matches!(self, Self::MySql | Self::MySqlMongoDb)
    }
}

/// Every run of a test executable.
pub(crate) fn runs_of(test: &TestBinary) -> Vec<Run> {
    let (suite, backends): (_, &[Backend]) = match (test.package.as_str(), test.target.as_str()) {
        ("tests", "e2e") => (
            "end-to-end",
            &[
                Backend::Embedded,
                Backend::MariaDbMongoDb,
                Backend::MySqlMongoDb,
            ],
        ),
        ("tests", "servers") => (
            "end-to-end",
            &[Backend::MariaDbMongoDb, Backend::MySqlMongoDb],
        ),
        ("tests", "file" | "browser") => ("end-to-end", &[Backend::Embedded]),
        ("adapters-embedded", _) => ("adapter", &[Backend::Embedded]),
        ("adapters-mysql", _) => ("adapter", &[Backend::MariaDb, Backend::MySql]),
        ("adapters-mongo", _) => ("adapter", &[Backend::MongoDb]),
        ("simulation", _) => ("simulation", &[Backend::Simulated]),
        _ => ("unit", &[Backend::None]),
    };
    backends
        .iter()
        .map(|backend| Run {
            suite,
            backend: *backend,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backends(package: &str, target: &str) -> Vec<Backend> {
        let (package, target) = (package.to_owned(), target.to_owned());
        let test = TestBinary {
            package,
            target,
            path: "x".into(),
            folder: "x".into(),
        };
        runs_of(&test).into_iter().map(|run| run.backend).collect()
    }

    #[test]
    fn contracts_and_the_end_to_end_suite_run_on_every_backend() {
        assert_eq!(backends("domain", "domain"), [Backend::None]);
        assert_eq!(backends("tests", "mocked_ports"), [Backend::None]);
        assert_eq!(backends("simulation", "seeds"), [Backend::Simulated]);
        assert_eq!(
            backends("adapters-mysql", "contract"),
            [Backend::MariaDb, Backend::MySql]
        );
        assert_eq!(backends("tests", "e2e").len(), 3);
        assert_eq!(backends("tests", "servers").len(), 2);
        assert_eq!(backends("tests", "file"), [Backend::Embedded]);
        assert_eq!(backends("tests", "browser"), [Backend::Embedded]);
    }
}
