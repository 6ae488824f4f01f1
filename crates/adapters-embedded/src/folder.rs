//! The data folder and the empty file in it, for the eyes of their owner only.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::OpenError;

/// Makes what is missing of folder and file; the file's path. What is there keeps its permissions.
///
/// SQLite gives the files beside it, the log and its index, the permissions of this one.
pub(crate) fn prepare(folder: &Path, file: &str) -> Result<PathBuf, OpenError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| OpenError::Folder { path, source }
    };
    make_folder(folder).map_err(failed(folder))?;
    let file = folder.join(file);
    make_file(&file).map_err(failed(&file))?;
    Ok(file)
}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn make_file(file: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop)
}
