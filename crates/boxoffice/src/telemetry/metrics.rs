//! The recorder behind every metric, and how it is read.

use std::sync::Arc;
use std::time::Duration;

use api_actix::ReadMetrics;
use domain::metric::{Kind, Sample};
use domain::time::Timestamp;
use metrics::Recorder;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::process::ProcessSample;
use super::table::everything;

/// The time between two sortings of what the histograms were told: until then each number is kept, in a rush
/// a hundred thousand in a second.
const UPKEEP: Duration = Duration::from_secs(1);

/// What is measured by this process.
pub(crate) struct Metrics {
    handle: PrometheusHandle,
}

impl Metrics {
    /// Starts to measure. What was made before measures nothing, so this comes first.
    pub(crate) fn start() -> Result<Self, String> {
        let recorder = builder().map_err(|error| format!("cannot measure: {error}"))?;
        let recorder = recorder.build_recorder();
        describe(&recorder);
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder)
            .map_err(|error| format!("cannot measure: {error}"))?;
        let upkeep = handle.clone();
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(UPKEEP).await;
                upkeep.run_upkeep();
            }
        });
        Ok(Self { handle })
    }

    /// Reads everything, after `samples` have looked.
    pub(crate) fn reader(self, mut samples: Vec<Arc<dyn Sample>>, now: Timestamp) -> ReadMetrics {
        samples.push(Arc::new(ProcessSample::new(now)));
        Arc::new(move || {
            samples.iter().for_each(|sample| sample.sample());
            self.handle.render()
        })
    }
}

fn builder() -> Result<PrometheusBuilder, BuildError> {
    everything().try_fold(PrometheusBuilder::new(), |builder, metric| {
        match metric.kind {
            Kind::Histogram(bounds) => {
                builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), bounds)
            }
            Kind::Counter | Kind::Gauge => Ok(builder),
        }
    })
}

fn describe(recorder: &impl Recorder) {
    for metric in everything() {
        let (name, unit, help) = (metric.name.into(), metric.unit(), metric.help.into());
        match metric.kind {
            Kind::Counter => recorder.describe_counter(name, unit, help),
            Kind::Gauge => recorder.describe_gauge(name, unit, help),
            Kind::Histogram(_) => recorder.describe_histogram(name, unit, help),
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod upkeep_tests;
