//! What is measured.
//!
//! Each metric is defined once, by a row of a table: its name by Prometheus' conventions, with the unit
//! in it, its kind, its labels and its help text. Whoever measures asks the row for a handle and keeps it:
//! a handle costs a look into a registry, its use an atomic operation. Without a recorder (in tests, in
//! commands that do not serve) a handle does nothing, for good; so the recorder comes before the use cases.
//!
//! No label ever has what a client sends: every value is one of a few known texts.

mod pool;
mod table;

pub use metrics::{Counter, Gauge, Histogram};
use metrics::{Key, Label, Level, Metadata, SharedString};
pub use pool::PoolMeter;
pub use table::METRICS;
pub(crate) use table::*;

/// The values of no label.
pub const NO_LABELS: [&str; 0] = [];

/// What a metric counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Something that only grows.
    Counter,
    /// Something that goes up and down.
    Gauge,
    /// How often something lay below each of these bounds, which ascend.
    Histogram(&'static [f64]),
}

/// A metric: a row of a table that [`metric_table!`](crate::metric_table) makes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metric {
    /// The name, unit and all.
    pub name: &'static str,
    /// What it counts.
    pub kind: Kind,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, in a sentence.
    pub help: &'static str,
}

impl Metric {
    /// The unit that the name tells; `None` for plain numbers.
    pub fn unit(&self) -> Option<metrics::Unit> {
        let name = self.name.strip_suffix("_total").unwrap_or(self.name);
        match name.rsplit('_').next() {
            Some("seconds") => Some(metrics::Unit::Seconds),
            Some("bytes") => Some(metrics::Unit::Bytes),
            _ => None,
        }
    }

    /// The counter under these values of its labels, in their order.
    pub fn counter<V: Into<SharedString>>(&self, values: impl IntoIterator<Item = V>) -> Counter {
        let key = self.key(values);
        metrics::with_recorder(|recorder| recorder.register_counter(&key, &METADATA))
    }

    /// The gauge under these values of its labels, in their order.
    pub fn gauge<V: Into<SharedString>>(&self, values: impl IntoIterator<Item = V>) -> Gauge {
        let key = self.key(values);
        metrics::with_recorder(|recorder| recorder.register_gauge(&key, &METADATA))
    }

    /// The histogram under these values of its labels, in their order.
    pub fn histogram<V: Into<SharedString>>(
        &self,
        values: impl IntoIterator<Item = V>,
    ) -> Histogram {
        let key = self.key(values);
        metrics::with_recorder(|recorder| recorder.register_histogram(&key, &METADATA))
    }

    fn key<V: Into<SharedString>>(&self, values: impl IntoIterator<Item = V>) -> Key {
        let names = self.labels.iter().copied();
        let labels: Vec<Label> = names
            .zip(values)
            .map(|(name, value)| Label::new(name, value))
            .collect();
        debug_assert_eq!(labels.len(), self.labels.len(), "labels of {}", self.name);
        Key::from_parts(self.name, labels)
    }
}

static METADATA: Metadata<'static> = Metadata::new("boxoffice", Level::INFO, None);

/// What is not counted where it happens, but looked at when somebody reads the metrics.
pub trait Sample: Send + Sync {
    /// Looks, and sets its gauges; never waits.
    fn sample(&self);
}

/// A number of things as a gauge takes it; beyond 2^32 it stays there.
pub fn count(things: usize) -> f64 {
    u32::try_from(things).unwrap_or(u32::MAX).into()
}

/// Makes a table of metrics: a constant for each row, and `METRICS` with all of them.
#[macro_export]
macro_rules! metric_table {
    ($($row:ident: $kind:expr, $name:literal, [$($label:literal),*], $help:literal;)*) => {
        $(
            #[doc = $help]
            pub(crate) const $row: $crate::metric::Metric = $crate::metric::Metric {
                name: $name,
                kind: $kind,
                labels: &[$($label),*],
                help: $help,
            };
        )*
        /// Every metric of this crate.
        pub const METRICS: &[$crate::metric::Metric] = &[$($row),*];
    };
}
