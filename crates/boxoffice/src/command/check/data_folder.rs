//! Whether the embedded default can write where it is told to.

use std::path::Path;

use adapters_embedded::Embedded;
use domain::diagnosis::Finding;

const SUBJECT: &str = "DATA_DIR";

/// Tries it with a file that goes at once; a folder that is not there yet is looked at where it will be.
pub(super) fn check(folder: &Path) -> Finding {
    let place = folder.ancestors().find(|place| place.exists());
    // What is relative ends at the folder that the program runs in.
    let place = place.unwrap_or(Path::new("."));
    let shown = folder.display();
    match tempfile_in(place) {
        Err(error) => Finding::wrong(
            SUBJECT,
            format!("{shown}: {error}"),
            "choose a folder that this user may write to",
        ),
        Ok(()) if folder.join(Embedded::FILE).exists() => Finding::ok(SUBJECT, shown.to_string()),
        Ok(()) => Finding::ok(
            SUBJECT,
            format!("{shown}; the first start makes the database"),
        ),
    }
}

fn tempfile_in(place: &Path) -> std::io::Result<()> {
    let path = place.join(format!(".boxoffice-check-{}", crate::platform::uuid()));
    std::fs::File::create_new(&path)?;
    std::fs::remove_file(&path)
}
