//! `cargo xtask dev`: the API on real databases, for trying things out.

use std::process::Command;

use xtask::error::{Context, Error, Result};
use xtask::provision::provision;
use xtask::servers::{Server, start_mariadb_in, start_mongodb_in, start_mysql_in};

use super::{cargo, databases_folder, root, run as run_step, say, step};

pub(crate) fn run(mysql: bool) -> Result<()> {
    let provision = provision(&databases_folder())?;
    run_step(
        cargo(&["build", "--locked", "--workspace", "--bin", "boxoffice"]),
        "cargo build",
    )?;
    step("starting the databases; their data stays in .databases/dev");
    let (programs, data) = (&provision.executables, databases_folder().join("dev"));
    let sql = if mysql {
        let why = provision.no_mysql.as_deref().unwrap_or_default();
        if programs.mysqld.is_none() {
            return Err(Error::new(format!("MySQL cannot be had: {why}")));
        }
        start_mysql_in(programs, &data.join("mysql"))?
    } else {
        start_mariadb_in(programs, &data.join("mariadb"))?
    };
    let documents = start_mongodb_in(programs, &data.join("mongodb"))?;
    serve(&sql, &documents)
}

fn serve(sql: &Server, documents: &Server) -> Result<()> {
    // Secrets for one's own machine: the same at every start, so that tokens stay valid.
    let token = "development-setup-token";
    say(&format!("\nMYSQL_URL={}/boxoffice", sql.url()));
    say(&format!(
        "MONGODB_URL=mongodb://127.0.0.1:{}/boxoffice?replicaSet=rs0",
        documents.port()
    ));
    say(&format!("ADMIN_SETUP_TOKEN={token}\n"));
    let mut server = Command::new(root().join("target/debug/boxoffice"));
    server
        .args(["serve", "--migrate"])
        .env("MYSQL_URL", format!("{}/boxoffice", sql.url()))
        .env(
            "MONGODB_URL",
            format!(
                "mongodb://127.0.0.1:{}/boxoffice?replicaSet=rs0",
                documents.port()
            ),
        )
        .env("JWT_SECRET", "a development secret of more than 32 bytes")
        .env("ADMIN_SETUP_TOKEN", token);
    let status = server.status().context("cannot run the server")?;
    if status.success() {
        Ok(())
    } else {
        Err(Error::new(format!("the server ended with {status}")))
    }
}
