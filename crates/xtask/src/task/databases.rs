//! `cargo xtask databases`: throw-away servers for one suite by itself.

use xtask::error::Result;

use super::build::Built;
use super::suites::Backend;
use super::test::{environment, start_servers};
use super::{say, wait_for_ctrl_c};

pub(crate) fn run() -> Result<()> {
    let (provision, servers) = start_servers()?;
    say("\nFor the suites, on MariaDB:\n");
    for (name, value) in environment(Backend::MariaDb, &Built::default(), &provision, &servers) {
        say(&format!("export {name}='{value}'"));
    }
    if let Some(mysql) = &servers.mysql {
        say(&format!(
            "\nOn MySQL:\n\nexport BOXOFFICE_TEST_MYSQL_URL='{}'",
            mysql.url()
        ));
    }
    say(
        "\nEnd-to-end also needs BOXOFFICE_TEST_BACKEND (embedded, mariadb-mongodb or mysql-mongodb)",
    );
    say("and BOXOFFICE_BIN (target/debug/boxoffice). Ctrl-C ends the servers.");
    wait_for_ctrl_c()
}
