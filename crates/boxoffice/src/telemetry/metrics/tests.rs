//! The table, and what is written about it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use domain::metric::Metric;

use super::*;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(file: &str) -> String {
    std::fs::read_to_string(repository().join(file)).unwrap()
}

/// A row of the table in the documentation.
fn row(metric: &Metric) -> String {
    let kind = match metric.kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram(_) => "histogram",
    };
    let labels: Vec<String> = metric
        .labels
        .iter()
        .map(|label| format!("`{label}`"))
        .collect();
    format!(
        "| `{}` | {kind} | {} | {} |",
        metric.name,
        labels.join(", "),
        metric.help
    )
}

#[test]
fn the_documentation_has_every_metric_and_no_other() {
    let documented = read("docs/metrics.md");
    let rows = |text: &str| -> Vec<String> {
        let rows = text.lines().filter(|line| line.starts_with("| `"));
        rows.map(str::to_owned).collect()
    };
    let table: Vec<String> = everything().map(row).collect();
    assert_eq!(
        rows(&documented),
        table,
        "docs/metrics.md should have:\n{}",
        table.join("\n")
    );
}

#[test]
fn names_are_unique_and_by_the_conventions() {
    let mut seen = BTreeSet::new();
    for metric in everything() {
        let name = metric.name;
        assert!(seen.insert(name), "{name} is there twice");
        assert!(
            name.starts_with("boxoffice_") || name.starts_with("process_"),
            "{name}"
        );
        assert!(
            name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
            "{name}"
        );
        assert_eq!(
            name.ends_with("_total"),
            metric.kind == Kind::Counter,
            "{name}"
        );
        assert!(metric.help.ends_with('.'), "{name}");
        if let Kind::Histogram(bounds) = metric.kind {
            assert!(bounds.is_sorted() && !bounds.is_empty(), "{name}");
        }
    }
}

#[test]
fn each_is_read_with_its_help_its_kind_and_its_labels() {
    let recorder = builder().unwrap().build_recorder();
    describe(&recorder);
    metrics::with_local_recorder(&recorder, || {
        for metric in everything() {
            match metric.kind {
                Kind::Counter => metric.counter(metric.labels.iter().copied()).increment(1),
                Kind::Gauge => metric.gauge(metric.labels.iter().copied()).set(1),
                Kind::Histogram(_) => metric.histogram(metric.labels.iter().copied()).record(1),
            }
        }
    });
    let text = recorder.handle().render();
    for metric in everything() {
        let (name, help) = (metric.name, metric.help);
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        assert!(
            text.contains(&format!("# HELP {name} {help}\n")),
            "{name} in {text}"
        );
        assert!(
            text.contains(&format!("# TYPE {name} {kind}\n")),
            "{name} in {text}"
        );
        for label in metric.labels {
            assert!(
                text.contains(&format!("{label}=\"{label}\"")),
                "{label} of {name}"
            );
        }
    }
}

/// Everything in a text that looks like the name of a metric of ours.
fn names_in(text: &str) -> BTreeSet<&str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("boxoffice_") || word.starts_with("process_"))
        .collect()
}

/// What Prometheus calls the series of a metric.
fn series(metric: &Metric) -> Vec<String> {
    let suffixes: &[&str] = match metric.kind {
        Kind::Histogram(_) => &["_bucket", "_count", "_sum"],
        Kind::Counter | Kind::Gauge => &[""],
    };
    suffixes
        .iter()
        .map(|suffix| format!("{}{suffix}", metric.name))
        .collect()
}

#[test]
fn dashboard_and_alerts_ask_for_what_is_measured() {
    let known: BTreeSet<String> = everything().flat_map(series).collect();
    for file in ["docker/grafana-dashboard.json", "docker/alerts.yml"] {
        let text = read(file);
        let names = names_in(&text);
        assert!(names.len() > 5, "{file}");
        for name in names {
            assert!(known.contains(name), "{file} asks for {name}");
        }
    }
}
