//! Tests and files that the documents name are there.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// The part of a document from that heading on.
fn part(document: &str, heading: &str) -> String {
    let text = fs::read_to_string(root().join(document)).unwrap();
    let (_, part) = text.split_once(heading).unwrap();
    part.to_owned()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The items of a list, each with its further lines.
fn items(text: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in text.lines() {
        let begins = line.starts_with("- ") || line.starts_with(|first: char| first.is_numeric());
        match items.last_mut() {
            _ if begins => items.push(line.to_owned()),
            Some(item) if line.starts_with("  ") => item.push_str(&format!("\n{line}")),
            _ => items.push(String::new()),
        }
    }
    items
}

/// What stands between back-ticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn crate_folder(word: &str) -> Option<PathBuf> {
    let inner = root().join("crates").join(word);
    let folder = if inner.exists() {
        inner
    } else {
        root().join(word)
    };
    let is_name = !word.contains(['/', '.']);
    (is_name && folder.join("Cargo.toml").exists()).then_some(folder)
}

fn is_file(word: &str) -> bool {
    let is_path = word.contains('/') || word.ends_with(".rs") || word.ends_with(".toml");
    is_path && !word.starts_with('/') && !word.contains(' ')
}

fn is_function(word: &str) -> bool {
    word.bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Where a file of that crate is, named as people name it: without `src` or `tests` before it.
fn find(folder: &Path, file: &str) -> Option<PathBuf> {
    let crates = root().join("crates");
    let places = [
        folder.join("src"),
        folder.join("tests"),
        folder.to_owned(),
        crates,
        root(),
    ];
    let mut paths = places.iter().map(|place| place.join(file));
    paths.find(|path| path.exists())
}

/// Goes through a list and complains of each file that is not in the crate named before it, and with
/// `functions` of each function that is not in the file named before it; how much it saw.
fn check(text: &str, functions: bool) -> usize {
    let (mut seen, mut missing) = (0, Vec::new());
    for item in items(text) {
        let (mut folder, mut file) = (root(), None);
        for word in quoted(&item) {
            if let Some(other) = crate_folder(word) {
                (folder, file) = (other, None);
            } else if is_file(word) {
                seen += 1;
                file = find(&folder, word);
                if file.is_none() {
                    missing.push(word.to_owned());
                }
            } else if let Some(file) = file.as_ref().filter(|_| functions && is_function(word)) {
                seen += 1;
                let source = fs::read_to_string(file).unwrap();
                if !source.contains(&format!("fn {word}(")) {
                    missing.push(format!("{word} in {}", file.display()));
                }
            }
        }
    }
    assert_eq!(missing, [""; 0]);
    seen
}

#[test]
fn the_threat_model_names_tests_that_there_are() {
    let seen = check(
        &part("docs/security.md", "## OWASP API Security Top 10"),
        true,
    );
    assert!(seen > 90, "only {seen} names are understood");
}

#[test]
fn the_invariants_are_held_by_files_that_there_are() {
    let seen = check(&part("ARCHITECTURE.md", "## Invariants"), false);
    assert!(seen >= 20, "only {seen} names are understood");
}
