//! `cargo xtask openapi`: the documents for client developers, made from the code.

use std::process::Stdio;

use serde_json::Value;
use xtask::error::{Context, Error, Result};

use super::{cargo, postman, root, say};

/// The OpenAPI document, from the repository's root.
const DOCUMENT: &str = "docs/openapi.json";
/// The Postman collection, from the repository's root.
pub(crate) const COLLECTION: &str = "docs/boxoffice.postman_collection.json";

pub(crate) fn run() -> Result<()> {
    let words = [
        "run",
        "--quiet",
        "--locked",
        "--package",
        "boxoffice",
        "--",
        "openapi",
    ];
    let output = cargo(&words).stderr(Stdio::inherit()).output();
    let output = output.context("cannot run cargo")?;
    if !output.status.success() {
        return Err(Error::new("boxoffice openapi failed"));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let document = serde_json::from_str(&text).context("the document is no JSON")?;
    write(DOCUMENT, &text)?;
    write(COLLECTION, &collection_text(&document)?)
}

/// The collection as it is committed.
pub(crate) fn collection_text(document: &Value) -> Result<String> {
    let text = serde_json::to_string_pretty(&postman::collection(document));
    Ok(text.context("the collection is no JSON")? + "\n")
}

fn write(name: &str, text: &str) -> Result<()> {
    std::fs::write(root().join(name), text).context(format!("cannot write {name}"))?;
    say(&format!("wrote {name}"));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_collection_is_up_to_date() {
        let read = |name| std::fs::read_to_string(root().join(name)).unwrap();
        let document = serde_json::from_str(&read(DOCUMENT)).unwrap();
        assert!(
            read(COLLECTION) == collection_text(&document).unwrap(),
            "{COLLECTION} is not what {DOCUMENT} says: run `cargo xtask openapi`"
        );
    }
}
