//! Servers from Debian's packages: installed where we may, or unpacked beside the system.

use std::fs;
use std::path::{Path, PathBuf};

use super::quietly;
use crate::error::{Context, Error, Result};

/// The suite that carries MySQL itself; the stable ones carry MariaDB alone.
const SUITE: &str = "sid";

/// Installs a package into the system; needs root.
pub(super) fn install(package: &str) -> Result<()> {
    let here = Path::new(".");
    quietly(here, "apt-get", &["update"])?;
    quietly(
        here,
        "apt-get",
        &["install", "--yes", "--no-install-recommends", package],
    )?;
    Ok(())
}

/// Downloads a package of [`SUITE`] with all that it needs and unpacks it into `root`, without touching
/// the system: apt works on lists, caches and a status of its own.
pub(super) fn unpack(package: &str, root: &Path) -> Result<()> {
    let sources = sources();
    let mirror = mirror(&sources).ok_or_else(|| Error::new("the machine has no Debian sources"))?;
    if root.exists() {
        fs::remove_dir_all(root).context("cannot clear an unfinished folder")?;
    }
    let apt = root.join("apt");
    for folder in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(apt.join(folder)).context("cannot make a folder")?;
    }
    let file = |name: &str| apt.join(name).display().to_string();
    fs::write(file("status"), "").context("cannot write apt's files")?;
    fs::write(file("sources.list"), format!("deb {mirror} {SUITE} main\n"))
        .context("cannot write apt's files")?;
    let options = [
        format!("Dir::Etc::sourcelist={}", file("sources.list")),
        "Dir::Etc::sourceparts=/dev/null".to_owned(),
        format!("Dir::State::lists={}", file("lists")),
        format!("Dir::State::status={}", file("status")),
        format!("Dir::Cache={}", file("cache")),
        "APT::Sandbox::User=root".to_owned(),
        "Debug::NoLocking=1".to_owned(),
    ];
    let mut common: Vec<&str> = Vec::new();
    for option in &options {
        common.extend(["-o", option]);
    }
    let with = |words: &[&'static str]| -> Vec<&str> {
        common
            .iter()
            .copied()
            .chain(words.iter().copied())
            .collect()
    };
    quietly(&apt, "apt-get", &with(&["update"]))?;
    let mut download = with(&[
        "install",
        "--yes",
        "--no-install-recommends",
        "--download-only",
    ]);
    download.push(package);
    quietly(&apt, "apt-get", &download)?;
    unpack_all(&apt.join("cache/archives"), root)?;
    fs::remove_dir_all(&apt).context("cannot clear apt's files")?;
    fs::write(root.join("complete"), "").context("cannot mark the folder")
}

fn unpack_all(archives: &Path, root: &Path) -> Result<()> {
    for entry in fs::read_dir(archives)
        .context("apt downloaded nothing")?
        .flatten()
    {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            let words = [
                "-x".to_owned(),
                path.display().to_string(),
                root.display().to_string(),
            ];
            quietly(root, "dpkg-deb", &words.each_ref().map(String::as_str))?;
        }
    }
    Ok(())
}

/// The command that runs the unpacked `mysqld` with its own loader and libraries.
pub(super) fn mysqld_in(root: &Path) -> Result<Vec<String>> {
    let usr = root.join("usr");
    let libraries = library_folder(&usr)?;
    let loader = fs::read_dir(&libraries)
        .context("no libraries")?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("ld-linux"))
        })
        .ok_or_else(|| Error::new("the packages have no loader"))?;
    let text = |path: PathBuf| path.display().to_string();
    let search = [libraries, usr.join("lib/mysql/private"), usr.join("lib")]
        .map(text)
        .join(":");
    Ok(vec![
        text(loader),
        "--library-path".to_owned(),
        search,
        text(usr.join("sbin/mysqld")),
        // Must come first of mysqld's own options.
        "--no-defaults".to_owned(),
        format!("--basedir={}", usr.display()),
        format!("--lc-messages-dir={}", usr.join("share/mysql").display()),
    ])
}

/// `usr/lib/x86_64-linux-gnu` or its like.
fn library_folder(usr: &Path) -> Result<PathBuf> {
    let entries = fs::read_dir(usr.join("lib")).context("no libraries")?;
    let mut folders = entries.flatten().map(|entry| entry.path());
    folders
        .find(|path| path.is_dir() && path.display().to_string().ends_with("-linux-gnu"))
        .ok_or_else(|| Error::new("the packages have no libraries"))
}

/// What the machine's own apt sources say, in either of their formats.
fn sources() -> String {
    let mut text = fs::read_to_string("/etc/apt/sources.list").unwrap_or_default();
    for entry in fs::read_dir("/etc/apt/sources.list.d")
        .into_iter()
        .flatten()
        .flatten()
    {
        text.push('\n');
        text.push_str(&fs::read_to_string(entry.path()).unwrap_or_default());
    }
    text
}

/// The first mirror in apt sources that is Debian's main archive.
fn mirror(sources: &str) -> Option<&str> {
    let one_line = sources
        .lines()
        .filter(|line| line.trim_start().starts_with("deb "));
    let deb822 = sources
        .lines()
        .filter(|line| line.trim_start().starts_with("URIs:"));
    one_line
        .chain(deb822)
        .flat_map(str::split_whitespace)
        .find(|word| word.contains("://") && word.trim_end_matches('/').ends_with("/debian"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mirror_is_read_from_either_format() {
        let one_line = "# deb https://old.example/debian x\ndeb [arch=amd64] http://a.example/debian bookworm main";
        assert_eq!(mirror(one_line), Some("http://a.example/debian"));
        let deb822 = "Types: deb\nURIs: http://s.example/debian-security http://b.example/debian/\nSuites: bookworm";
        assert_eq!(mirror(deb822), Some("http://b.example/debian/"));
        assert_eq!(mirror("deb http://c.example/ubuntu jammy main"), None);
    }
}
