//! `cargo xtask bench`: speed, beside what it is to be judged by.

use xtask::error::Result;

use super::test::start_servers;
use super::{cargo, root, run as run_step};

pub(crate) fn run(seconds: u64, only: &str) -> Result<()> {
    let build = cargo(&[
        "build",
        "--release",
        "--locked",
        "--package",
        "boxoffice",
        "--package",
        "bench",
    ]);
    run_step(build, "cargo build --release")?;
    let (_, servers) = start_servers()?;
    let release = root().join("target/release");
    let mut bench = std::process::Command::new(release.join("bench"));
    bench
        .arg("--server")
        .arg(release.join("boxoffice"))
        .args(["--mysql-url", servers.mariadb.url()])
        .args(["--mongodb-url", servers.mongodb.url()])
        .args(["--seconds", &seconds.to_string()])
        .args(["--only", only])
        .arg("--page")
        .arg(root().join("docs/benchmarks.md"));
    run_step(bench, "measuring")
}
