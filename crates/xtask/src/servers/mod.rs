//! Throw-away servers on free loopback ports, each with data of its own.

mod boxoffice;
mod chromedriver;
mod mariadb;
mod mongodb;
mod mysql;
mod process;
mod wire;

pub use boxoffice::start_boxoffice;
pub use chromedriver::start_chromedriver;
pub use mariadb::start_mariadb;
pub use mariadb::start_mariadb_in;
pub use mongodb::{is_primary, start_mongodb, start_mongodb_in, start_mongodb_set};
pub use mysql::start_mysql;
pub use mysql::start_mysql_in;
pub use process::{Server, kill_all};

use crate::error::{Error, Result};
use std::path::PathBuf;

/// Where the servers' programs are, and those of a browser.
#[derive(Debug, Clone, Default)]
pub struct Executables {
    /// `mongod`.
    pub mongod: Option<PathBuf>,
    /// `mariadbd`.
    pub mariadbd: Option<PathBuf>,
    /// `mariadb-install-db`.
    pub mariadb_install_db: Option<PathBuf>,
    /// `mysqld` with what it needs before its own options.
    pub mysqld: Option<Vec<String>>,
    /// `chromium`, or a browser of its family.
    pub chromium: Option<PathBuf>,
    /// `chromedriver`, of the browser's version.
    pub chromedriver: Option<PathBuf>,
}

/// The variables that carry [`Executables`] from `cargo xtask` to the suites.
const MONGOD: &str = "BOXOFFICE_TEST_MONGOD";
const MARIADBD: &str = "BOXOFFICE_TEST_MARIADBD";
const MARIADB_INSTALL_DB: &str = "BOXOFFICE_TEST_MARIADB_INSTALL_DB";
const MYSQLD: &str = "BOXOFFICE_TEST_MYSQLD";
const CHROMIUM: &str = "BOXOFFICE_TEST_CHROMIUM";
const CHROMEDRIVER: &str = "BOXOFFICE_TEST_CHROMEDRIVER";

impl Executables {
    /// As `cargo xtask test` hands them to the suites.
    #[expect(
        clippy::disallowed_methods,
        reason = "the suites are handed their servers this way"
    )]
    pub fn from_env() -> Self {
        let path = |name| std::env::var(name).ok().map(PathBuf::from);
        Self {
            mongod: path(MONGOD),
            mariadbd: path(MARIADBD),
            mariadb_install_db: path(MARIADB_INSTALL_DB),
            mysqld: std::env::var(MYSQLD)
                .ok()
                .and_then(|text| serde_json::from_str(&text).ok()),
            chromium: path(CHROMIUM),
            chromedriver: path(CHROMEDRIVER),
        }
    }

    /// The variables that [`Self::from_env`] reads.
    pub fn to_env(&self) -> Vec<(&'static str, String)> {
        let paths = [
            (MONGOD, &self.mongod),
            (MARIADBD, &self.mariadbd),
            (MARIADB_INSTALL_DB, &self.mariadb_install_db),
            (CHROMIUM, &self.chromium),
            (CHROMEDRIVER, &self.chromedriver),
        ];
        let mut variables: Vec<_> = paths
            .into_iter()
            .filter_map(|(name, path)| Some((name, path.as_ref()?.display().to_string())))
            .collect();
        if let Some(text) = self
            .mysqld
            .as_ref()
            .and_then(|words| serde_json::to_string(words).ok())
        {
            variables.push((MYSQLD, text));
        }
        variables
    }

    fn need<'a, T>(found: &'a Option<T>, name: &str) -> Result<&'a T> {
        found.as_ref().ok_or_else(|| {
            Error::new(format!(
                "{name} was not found: run `cargo xtask test`, which brings it"
            ))
        })
    }
}
